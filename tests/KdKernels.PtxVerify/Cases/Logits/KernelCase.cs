using KdKernels.Core;
using KdKernels.PtxVerify.Driver;

namespace KdKernels.PtxVerify.Cases;

/// <summary>How a case's logits lie in memory.</summary>
internal enum Layout
{
    /// <summary>Rows one after the other.</summary>
    Contiguous,

    /// <summary>Rows with a gap that keeps their alignment.</summary>
    Padded,

    /// <summary>Rows that begin at other misalignments, the same ones for every tensor.</summary>
    Misaligned,

    /// <summary>The teacher's rows begin elsewhere than the student's.</summary>
    MixedAlignment,

    /// <summary><c>[B, T, V]</c> with gaps after each of its rows and of its batches.</summary>
    Sliced,

    /// <summary><c>[N, C, H, W]</c>: neighbouring rows are neighbours in memory.</summary>
    Pixels,

    /// <summary>Inputs with their classes backwards.</summary>
    Reversed,

    /// <summary>One teacher row for all.</summary>
    ExpandedTeacher,
}

/// <summary>What a case's logits are like.</summary>
internal enum Pattern
{
    /// <summary>Normal, σ = 3.</summary>
    Random,

    /// <summary>Small integers: many largest logits in a row.</summary>
    Ties,

    /// <summary>Normal with outliers of ±10000.</summary>
    Outliers,

    /// <summary>The student is the teacher plus 0.001.</summary>
    Near,

    /// <summary>The student is the teacher plus 1000 and some.</summary>
    Shifted,

    /// <summary>Student and teacher are equal.</summary>
    Equal,

    /// <summary>Classes that teacher, student or both exclude; a row that all exclude.</summary>
    Excluded,

    /// <summary>The student is the teacher plus 0.001, but for a class of which the teacher has nothing that float32 shows and
    /// the student a little.</summary>
    Vanishing,

    /// <summary>A NaN in some rows.</summary>
    NotANumber,
}

/// <summary>Which of an op's entry points a case calls.</summary>
internal enum Pass
{
    Forward,
    ForwardWithGradient,
    Backward,
}

/// <summary>One call of an op on logits.</summary>
internal sealed record KernelCase(string Stem, KdElementType Type, int Outer, int Inner, int Classes) : ProofCase
{
    public Layout Layout { get; init; } = Layout.Contiguous;

    public Pattern Pattern { get; init; } = Pattern.Random;

    public Pass Pass { get; init; } = Pass.ForwardWithGradient;

    public double Temperature { get; init; } = 4;

    public bool TemperatureSquared { get; init; } = true;

    public KdReduction Reduction { get; init; } = KdReduction.BatchMean;

    public double Alpha { get; init; } = 0.9;

    /// <summary>Whether there are labels; HintonLoss always has them.</summary>
    public bool Labels { get; init; }

    /// <summary>Whether every third label is the ignored one.</summary>
    public bool Ignored { get; init; }

    public bool ClassWeights { get; init; }

    public bool TeacherGradient { get; init; }

    public bool Metrics { get; init; }

    public int Rows => Outer * Inner;

    public override string Shape => $"[{Rows}, {Classes}]";

    public bool HasLabels => Labels || Ignored || Stem == "HintonLoss";

    public override CaseRun Open(EmulatedGpu gpu)
    {
        var data = new CaseData(this);
        return Stem == nameof(SoftmaxEntropy)
            ? new EntropyCaseRun(gpu, this, data)
            : new KlCaseRun(gpu, this, data);
    }

    public override string ToString()
    {
        string shape = Inner == 1 ? $"[{Outer}, {Classes}]" : $"[{Outer}, {Inner}, {Classes}]";
        string[] options =
        [
            .. Labels ? ["labels"] : Array.Empty<string>(),
            .. Ignored ? ["ignored"] : Array.Empty<string>(),
            .. ClassWeights ? ["weights"] : Array.Empty<string>(),
            .. TeacherGradient ? ["teacher's gradient"] : Array.Empty<string>(),
            .. Metrics ? ["metrics"] : Array.Empty<string>(),
            .. TemperatureSquared ? Array.Empty<string>() : ["without T squared"],
        ];
        string alpha = Stem == "HintonLoss" ? $" alpha {Alpha}" : "";
        return $"{Stem} {Type} {shape} {Layout} {Pattern} {Pass} {Reduction} T {Temperature}{alpha} "
            + string.Join(' ', options);
    }
}
