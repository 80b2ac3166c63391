namespace KdKernels.Core;

/// <summary>TemperedKl on the CPU: a distillation problem without the cross-entropy part.</summary>
internal static class TemperedKlCpu
{
    public static void Run(
        RowsView student,
        RowsView teacher,
        in TemperedKlSettings settings,
        RowsView? loss,
        RowsView? upstream,
        RowsView? studentGradient,
        RowsView? teacherGradient)
    {
        new KlProblem
        {
            Student = student,
            Teacher = teacher,
            Temperature = settings.Temperature,
            TemperatureSquared = settings.TemperatureSquared,
            Reduction = settings.Reduction,
            ClassWeights = settings.ClassWeights,
            Labels = settings.Labels,
            IgnoreIndex = settings.IgnoreIndex,
            KlWeight = 1,
            Loss = loss,
            Upstream = upstream,
            StudentGradient = studentGradient,
            TeacherGradient = teacherGradient,
        }.Run();
    }
}
