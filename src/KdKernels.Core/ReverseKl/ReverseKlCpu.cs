namespace KdKernels.Core;

/// <summary>ReverseKl on the CPU: the divergence with its operands exchanged.</summary>
internal static class ReverseKlCpu
{
    public static void Run(in KlOperands operands, in TemperedKlSettings settings)
    {
        KlOperands exchanged = operands.Swapped;
        new KlProblem
        {
            Student = exchanged.Student,
            Teacher = exchanged.Teacher,
            Temperature = settings.Temperature,
            TemperatureSquared = settings.TemperatureSquared,
            Reduction = settings.Reduction,
            IsSwapped = true,
            ClassWeights = settings.ClassWeights,
            Labels = settings.Labels,
            IgnoreIndex = settings.IgnoreIndex,
            KlWeight = 1,
            Loss = operands.Loss,
            Upstream = operands.Upstream,
            StudentGradient = exchanged.StudentGradient,
            TeacherGradient = exchanged.TeacherGradient,
        }.Run();
    }
}
