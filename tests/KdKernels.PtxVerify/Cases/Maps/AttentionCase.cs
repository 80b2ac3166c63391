using KdKernels.Core;
using KdKernels.PtxVerify.Driver;

namespace KdKernels.PtxVerify.Cases;

/// <summary>One call of AttentionSquared, or of AttentionMap.</summary>
internal sealed record AttentionCase(KdElementType Type, int Batch, int Channels, int Height, int Width) : ProofCase
{
    /// <summary>0: as the student.</summary>
    public int TeacherChannels { get; init; }

    /// <summary>0: as the student.</summary>
    public int TeacherHeight { get; init; }

    /// <summary>0: as the student.</summary>
    public int TeacherWidth { get; init; }

    public MapLayout Layout { get; init; } = MapLayout.Planes;

    /// <summary>Null: as the student's.</summary>
    public MapLayout? GradientLayout { get; init; }

    public MapPattern Pattern { get; init; } = MapPattern.Random;

    public Pass Pass { get; init; } = Pass.ForwardWithGradient;

    public AttentionForm Form { get; init; } = AttentionForm.Code;

    public int Power { get; init; } = 2;

    public ChannelReduction Reduction { get; init; } = ChannelReduction.Sum;

    public double Beta { get; init; } = 1;

    public KdReduction Samples { get; init; } = KdReduction.Mean;

    /// <summary>The student's map instead of a loss: map and largest pixel of a forward pass, else the gradient.</summary>
    public bool IsMap { get; init; }

    /// <summary>Whether a map is divided by its norm.</summary>
    public bool Normalise { get; init; } = true;

    public override string Shape => $"[{Batch}, {Channels}, {Height}, {Width}]";

    public override CaseRun Open(EmulatedGpu gpu) => IsMap ? new MapCaseRun(gpu, this) : new AttentionCaseRun(gpu, this);

    public override string ToString()
    {
        string teacher = TeacherChannels + TeacherHeight + TeacherWidth == 0
            ? ""
            : $" against [{TeacherChannels}, {TeacherHeight}, {TeacherWidth}]";
        string op = IsMap ? $"AttentionMap normalise {Normalise}" : $"AttentionSquared {Form} {Samples} beta {Beta}";
        return $"{op} {Type} {Shape}{teacher} {Layout} {Pattern} {Pass} p {Power} {Reduction}";
    }
}
