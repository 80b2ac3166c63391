namespace KdKernels.Core;

/// <summary>This thread's memory for one row at a time; every array is padded to whole vectors.</summary>
internal readonly unsafe struct RowBuffers<TElement>
    where TElement : unmanaged
{
    /// <summary>Where each block was measured from: teacher's logit, t − s, its error.</summary>
    public const int OriginLength = 3;

    // A load that follows a store to an address a multiple of 4096 bytes away waits for it. Arrays that are walked
    // together therefore begin a quarter of that apart, further than the processor looks ahead.
    private const long Page = 4096;
    private const long Apart = 1024;

    private readonly TElement* memory;
    private readonly long stride;

    public RowBuffers(long padded, int blocks)
    {
        long whole = ((padded * sizeof(TElement)) + Page - Apart - 1) / Page * Page;
        stride = (whole + Apart) / sizeof(TElement);
        long origins = ((blocks * OriginLength * sizeof(double)) + 63) / 64 * 64;
        byte* start = Scratch.Get(ScratchUse.Kernel, origins + (8 * stride * sizeof(TElement)));
        Origins = (double*)start;
        memory = (TElement*)(start + origins);
    }

    public double* Origins { get; }

    /// <summary>p̃ of every class.</summary>
    public TElement* Mass => memory;

    /// <summary>Δ_r − Δ of every class.</summary>
    public TElement* X => memory + stride;

    /// <summary>e^(s − max s) of every class.</summary>
    public TElement* Exp => memory + (2 * stride);

    public TElement* Student => memory + (4 * stride);

    public TElement* Teacher => memory + (5 * stride);

    public TElement* StudentGradient => memory + (6 * stride);

    public TElement* TeacherGradient => memory + (7 * stride);

    /// <summary>e^x − 1 of every class.</summary>
    public TElement* Growth => memory + (3 * stride);

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
