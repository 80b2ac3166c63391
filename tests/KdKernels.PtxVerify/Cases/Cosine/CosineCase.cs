using KdKernels.Core;
using KdKernels.PtxVerify.Driver;

namespace KdKernels.PtxVerify.Cases;

/// <summary>What is odd about the embeddings.</summary>
internal enum CosineOddity
{
    None,

    /// <summary>The student is the teacher.</summary>
    Equal,

    /// <summary>A NaN in an augmented embedding.</summary>
    NaN,

    /// <summary>An augmented and a normal embedding of zeros.</summary>
    Zeros,

    /// <summary>Embeddings of lengths up to 1e4.</summary>
    Large,
}

/// <summary>A call of CosineKl: A x D against B x D, and a teacher of E.</summary>
internal sealed record CosineCase(KdElementType Type, int Rows, int Normals, int Student, int Teacher) : ProofCase
{
    public Pass Pass { get; init; } = Pass.ForwardWithGradient;
    public CosineOddity Oddity { get; init; }
    public KdReduction Reduction { get; init; } = KdReduction.BatchMean;
    public double Temperature { get; init; } = 0.5;
    public bool TemperatureSquared { get; init; } = true;

    /// <summary>Every third row does not count.</summary>
    public bool Masked { get; init; }

    /// <summary>Augmented embeddings by columns, normal ones with gaps.</summary>
    public bool Strided { get; init; }

    /// <summary>Which of the two gradients is wanted.</summary>
    public bool OfRows { get; init; } = true;
    public bool OfNormals { get; init; } = true;

    public override string Shape => $"{Rows} x {Normals} of {Student}, {Teacher}";

    public override CaseRun Open(EmulatedGpu gpu) => new CosineCaseRun(gpu, this);
}

/// <summary>A call of ErrorLevel.Ranks.</summary>
internal sealed record RankCase(KdElementType Type, int Rows, int Columns) : ProofCase
{
    public override string Shape => $"{Rows} x {Columns}";

    public override CaseRun Open(EmulatedGpu gpu) => new RankCaseRun(gpu, this);
}

/// <summary>A call of ErrorLevel.Select.</summary>
internal sealed record SelectCase(int Rows, int Largest, double Fraction) : ProofCase
{
    public override string Shape => $"{Rows}";

    public override CaseRun Open(EmulatedGpu gpu) => new SelectCaseRun(gpu, this);
}
