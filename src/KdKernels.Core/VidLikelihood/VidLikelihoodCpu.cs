namespace KdKernels.Core;

/// <summary>VidLikelihood on the CPU.</summary>
internal static class VidLikelihoodCpu
{
    public static void Run(VidProblem problem)
    {
        using var channels = new VidChannels(problem);
        if (problem.WritesRows) WriteRows(problem, channels);
        if (!problem.NeedsChannels) return;
        RunChannels(problem, channels);
        if (problem is { Loss: { } loss, WritesRows: false }) Memory.Write(loss, 0, 0, channels.Loss());
        if (problem.RhoGradient is { } gradient)
            channels.WriteGradient(gradient, problem.HasRowUpstream ? SumOfUpstream(problem) : null);
    }

    private static void RunChannels(VidProblem problem, VidChannels channels)
    {
        bool single = problem.Student.ElementType == KdElementType.Float32;
        switch (KdCpu.Width, single)
        {
            case (VectorWidth.Bits512, true): VidWork<Float32x16, float>.Run(problem, channels); break;
            case (VectorWidth.Bits512, false): VidWork<Float64x8, double>.Run(problem, channels); break;
            case (VectorWidth.Bits256, true): VidWork<Float32x8, float>.Run(problem, channels); break;
            case (VectorWidth.Bits256, false): VidWork<Float64x4, double>.Run(problem, channels); break;
            case (_, true): VidWork<Float32x1, float>.Run(problem, channels); break;
            case (_, false): VidWork<Float64x1, double>.Run(problem, channels); break;
        }
    }

    /// <summary>The rows' own values are squares weighted by channel, and a constant.</summary>
    private static void WriteRows(VidProblem problem, VidChannels channels)
    {
        var weights = new double[channels.Count];
        for (int c = 0; c < weights.Length; c++) weights[c] = 1 / channels.Variance(c);
        new SquaredErrorProblem
        {
            Student = problem.Student,
            Teacher = problem.Teacher,
            Factor = 0.5,
            Reduction = KdReduction.None,
            Weights = weights,
            RowConstant = channels.RowConstant(),
            Loss = problem.Loss,
        }.Run();
    }

    private static double SumOfUpstream(VidProblem problem)
    {
        double sum = 0;
        for (long row = 0; row < problem.Student.Rows; row++) sum += Memory.Read(problem.Upstream!.Value, row, 0);
        return sum;
    }
}
