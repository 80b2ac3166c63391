namespace KdKernels.Core;

/// <summary>HintonLoss on the CPU: a distillation problem with cross-entropy and metrics.</summary>
internal static class HintonLossCpu
{
    public static void Run(
        RowsView student,
        RowsView teacher,
        RowsView labels,
        in HintonLossSettings settings,
        RowsView? loss,
        RowsView? rowMetrics,
        RowsView? totals,
        RowsView? upstream,
        RowsView? studentGradient)
    {
        new KlProblem
        {
            Student = student,
            Teacher = teacher,
            Temperature = settings.Temperature,
            TemperatureSquared = settings.TemperatureSquared,
            Reduction = settings.Reduction,
            ClassWeights = settings.ClassWeights,
            Labels = labels,
            IgnoreIndex = settings.IgnoreIndex,
            WithCrossEntropy = true,
            KlWeight = settings.Alpha,
            CrossEntropyWeight = 1 - settings.Alpha,
            Loss = loss,
            RowMetrics = rowMetrics,
            Totals = totals,
            Upstream = upstream,
            StudentGradient = studentGradient,
        }.Run();
    }
}
