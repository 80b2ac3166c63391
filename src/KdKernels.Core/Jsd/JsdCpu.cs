namespace KdKernels.Core;

/// <summary>Jsd on the CPU.</summary>
internal static class JsdCpu
{
    public static void Run(in KlOperands operands, in JsdSettings settings)
    {
        // The kernel's p is the distribution with the larger share in the mixture; KL(p ‖ q) at 0, KL(q ‖ p) at 1.
        bool isKl = settings.KlAtEnds && settings.Beta is (0 or 1);
        bool swaps = isKl ? settings.Beta == 1 : settings.Beta < 0.5;
        KlOperands roles = swaps ? operands.Swapped : operands;
        new KlProblem
        {
            Student = roles.Student,
            Teacher = roles.Teacher,
            Temperature = settings.Temperature,
            TemperatureSquared = settings.TemperatureSquared,
            Reduction = settings.Reduction,
            Form = isKl ? KlForm.Divergence : KlForm.JensenShannon,
            IsSwapped = swaps,
            MixtureWeight = swaps ? settings.Beta : 1 - settings.Beta,
            Labels = settings.Labels,
            IgnoreIndex = settings.IgnoreIndex,
            KlWeight = 1,
            Loss = operands.Loss,
            Upstream = operands.Upstream,
            StudentGradient = roles.StudentGradient,
            TeacherGradient = roles.TeacherGradient,
        }.Run();
    }
}
