namespace KdKernels.Distillation.Methods;

/// <summary>No distillation: what every method is compared with.</summary>
internal sealed class NoneMethod : DistillationMethod
{
    public static MethodDefinition Definition { get; } = new()
    {
        Name = MethodCatalog.None,
        Summary = "no distillation: only the plain students are trained",
        Paper = "",
        Description = "Trains the student on its labels alone: `L = CE(z_s, y)`, the mean over the batch.",
        Teacher = TeacherNeed.None,
        Contract = static _ => [],
        Create = static _ => null,
    };

    public override IReadOnlyList<LossTerm> Terms(MethodStep step) => [];
}
