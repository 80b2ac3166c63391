using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Reporting;

/// <summary>What a task measures beside the accuracy that networks are compared by, such as mIoU; in words, mean and spread over
/// seeds.</summary>
/// <param name="Name">As the task calls it.</param>
/// <param name="Teacher">A dash where there is none.</param>
/// <param name="Plain">Of the students that saw only labels.</param>
/// <param name="Distilled">A dash where the recipe distils nothing.</param>
public sealed record TaskFigure(string Name, string Teacher, string Plain, string Distilled)
{
    /// <summary>All of a result's; none where the task measures accuracy alone.</summary>
    public static IReadOnlyList<TaskFigure> Of(ExperimentResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        // The plain students' alone: what only distilled ones have are a method's own figures, which are no fractions.
        IEnumerable<string> names = result.Plain.SelectMany(plain => plain.HeldOut.Extra?.Keys ?? []);
        return
        [
            .. names.Distinct(StringComparer.Ordinal).Select(name => new TaskFigure(
                name, Words(result.Teacher is { } teacher ? [teacher] : [], name), Words(result.Plain, name), Words(result.Distilled, name))),
        ];
    }

    private static string Words(IReadOnlyList<NetworkResult> networks, string name)
    {
        double[] values = [.. networks.Where(network => network.HeldOut.Extra?.ContainsKey(name) == true).Select(network => network.HeldOut.Extra![name])];
        return Figures.MeanAndSpread(values.Length == 0 ? null : MeanAndDeviation.Of(values));
    }
}
