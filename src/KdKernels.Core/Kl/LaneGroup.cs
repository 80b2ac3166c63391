namespace KdKernels.Core;

/// <summary>Neighbouring rows of one outer index, as many as a vector has lanes or fewer.</summary>
internal readonly unsafe struct LaneGroup<TElement>
    where TElement : unmanaged
{
    private readonly long outer;
    private readonly long inner;

    public LaneGroup(KlProblem problem, long outer, long inner, int lanes)
    {
        this.outer = outer;
        this.inner = inner;
        Lanes = lanes;
        FirstRow = (outer * problem.Student.Inner) + inner;
        Student = At(problem.Student);
        Teacher = At(problem.Teacher);
    }

    public int Lanes { get; }

    public long FirstRow { get; }

    public TElement* Student { get; }

    public TElement* Teacher { get; }

    /// <summary>Class 0 of the group's first row.</summary>
    public TElement* At(RowsView view) =>
        (TElement*)view.Data + (outer * view.OuterStride) + (inner * view.InnerStride);
}

/// <summary>What is known of the row in one lane.</summary>
internal struct LaneRow
{
    public bool IsValid;
    public bool NeedsCare;
    public double Upstream;
    public KlState State;
    public KlValue Value;
    public CrossEntropyRow Hard;
    public double ExpSum;
    public RatioSums Ratio;

    /// <summary>At T = ∞: the origin of D, Σ(D − D_origin) and Σ(D − mean D)².</summary>
    public double Difference;
    public double DifferenceError;
    public double Centred;
    public double Squares;
}

/// <summary>
/// This thread's memory for a group: kept values of every class and lane, and vectors to take lanes from.
/// </summary>
internal readonly unsafe struct LaneBuffers<TElement>
    where TElement : unmanaged
{
    private const int Spare = 9;

    private readonly TElement* memory;
    private readonly long kept;
    private readonly int width;

    public LaneBuffers(long classes, int width)
    {
        this.width = width;
        kept = classes * width;
        memory = (TElement*)Scratch.Get(ScratchUse.Kernel, ((4 * kept) + (Spare * width)) * sizeof(TElement));
    }

    public TElement* Mass => memory;

    public TElement* X => memory + kept;

    public TElement* Exp => memory + (2 * kept);

    public TElement* Growth => memory + (3 * kept);

    public Kept<TElement> Kept(bool withX) => new() { Mass = Mass, Growth = Growth, X = withX ? X : null };

    /// <summary>With e^x as well, which takes the place of the cross-entropy's terms.</summary>
    public Kept<TElement> KeptWithRatio() => new() { Mass = Mass, Growth = Growth, X = X, Ratio = Exp };

    /// <summary>A spare vector in memory.</summary>
    public TElement* Lane(int index) => memory + (4 * kept) + ((long)index * width);
}
