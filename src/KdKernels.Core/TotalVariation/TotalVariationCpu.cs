namespace KdKernels.Core;

/// <summary>TotalVariation on the CPU.</summary>
internal static class TotalVariationCpu
{
    public static void Run(in KlOperands operands, in TotalVariationSettings settings)
    {
        new KlProblem
        {
            Student = operands.Student,
            Teacher = operands.Teacher,
            Temperature = settings.Temperature,
            TemperatureSquared = false,
            Reduction = settings.Reduction,
            Form = KlForm.TotalVariation,
            Labels = settings.Labels,
            IgnoreIndex = settings.IgnoreIndex,
            KlWeight = 1,
            Loss = operands.Loss,
            Upstream = operands.Upstream,
            StudentGradient = operands.StudentGradient,
            TeacherGradient = operands.TeacherGradient,
        }.Run();
    }
}
