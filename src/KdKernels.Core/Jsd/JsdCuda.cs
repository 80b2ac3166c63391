namespace KdKernels.Core;

/// <summary>Jsd on a GPU.</summary>
internal static class JsdCuda
{
    /// <summary>Checks what CUDA needs and puts the work on the queue. Waits for nothing.</summary>
    /// <param name="operands">The memory; what does not depend on the device is checked.</param>
    /// <param name="settings">Likewise.</param>
    /// <param name="queue">Where it goes.</param>
    public static void Run(in KlOperands operands, in JsdSettings settings, CudaQueue? queue)
    {
        // At the ends it is one of the two divergences, and their kernels compute it.
        (string stem, bool swaps) = settings.KlAtEnds
            ? settings.Beta switch
            {
                0 => (nameof(TemperedKl), false),
                1 => (nameof(ReverseKl), true),
                _ => (nameof(Jsd), false),
            }
            : (nameof(Jsd), false);
        KlOperands roles = swaps ? operands.Swapped : operands;
        var problem = new KlProblem
        {
            Student = roles.Student,
            Teacher = roles.Teacher,
            Temperature = settings.Temperature,
            TemperatureSquared = settings.TemperatureSquared,
            Reduction = settings.Reduction,
            Form = stem == nameof(Jsd) ? KlForm.JensenShannon : KlForm.Divergence,
            IsSwapped = swaps,
            MixtureWeight = 1 - settings.Beta,
            Labels = settings.Labels,
            IgnoreIndex = settings.IgnoreIndex,
            KlWeight = 1,
            Loss = operands.Loss,
            Upstream = operands.Upstream,
            StudentGradient = roles.StudentGradient,
            TeacherGradient = roles.TeacherGradient,
        };
        KlLauncher.Run(stem, partialsPerTile: 1, problem, queue);
    }
}
