namespace KdKernels.Core;

/// <summary>This thread's memory for one row at a time; every array is padded to whole vectors.</summary>
internal readonly unsafe struct RowBuffers<TElement>
    where TElement : unmanaged
{
    /// <summary>Where each block was measured from: teacher's logit, t − s, its error.</summary>
    public const int OriginLength = 3;

    private readonly TElement* memory;
    private readonly long padded;

    public RowBuffers(long padded, int blocks)
    {
        this.padded = padded;
        long origins = ((blocks * OriginLength * sizeof(double)) + 63) / 64 * 64;
        byte* start = Scratch.Get(ScratchUse.Kernel, origins + (8 * padded * sizeof(TElement)));
        Origins = (double*)start;
        memory = (TElement*)(start + origins);
    }

    public double* Origins { get; }

    /// <summary>p̃ of every class.</summary>
    public TElement* Mass => memory;

    /// <summary>Δ_r − Δ of every class.</summary>
    public TElement* X => memory + padded;

    /// <summary>e^(s − max s) of every class.</summary>
    public TElement* Exp => memory + (2 * padded);

    public TElement* Student => memory + (3 * padded);

    public TElement* Teacher => memory + (4 * padded);

    public TElement* StudentGradient => memory + (5 * padded);

    public TElement* TeacherGradient => memory + (6 * padded);

    /// <summary>e^x − 1 of every class.</summary>
    public TElement* Growth => memory + (7 * padded);

    public Kept<TElement> Kept(bool withX) => new() { Mass = Mass, Growth = Growth, X = withX ? X : null };

    /// <summary>With e^x as well, which takes the place of the cross-entropy's terms.</summary>
    public Kept<TElement> KeptWithRatio() => new() { Mass = Mass, Growth = Growth, X = X, Ratio = Exp };

    /// <summary>The row where it lies, or a copy where its stride or type is not the kernel's.</summary>
    public static TElement* Input(in RowsView view, long row, TElement* copy)
    {
        TElement* direct = Memory.Direct<TElement>(view, row);
        if (direct is not null) return direct;
        Memory.Gather(view, row, copy);
        return copy;
    }
}
