namespace KdKernels.Core;

/// <summary>DecoupledKd on the CPU.</summary>
internal static class DecoupledKdCpu
{
    public static void Run(in KlOperands operands, RowsView labels, in DecoupledKdSettings settings)
    {
        new KlProblem
        {
            Student = operands.Student,
            Teacher = operands.Teacher,
            Temperature = settings.Temperature,
            TemperatureSquared = settings.TemperatureSquared,
            Reduction = settings.Reduction,
            Form = KlForm.Decoupled,
            TargetWeight = settings.Alpha,
            OtherWeight = settings.Beta,
            Labels = labels,
            IgnoreIndex = settings.IgnoreIndex,
            KlWeight = 1,
            Loss = operands.Loss,
            Upstream = operands.Upstream,
            StudentGradient = operands.StudentGradient,
            TeacherGradient = operands.TeacherGradient,
        }.Run();
    }
}
