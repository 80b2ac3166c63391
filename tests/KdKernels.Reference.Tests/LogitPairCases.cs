namespace KdKernels.Reference.Tests;

/// <summary>What the oracles of losses over student and teacher logits are held to alike.</summary>
internal static class LogitPairCases
{
    /// <summary>Three rows of four and labels for them, whose values are known from PyTorch.</summary>
    public static readonly double[] Student = [1, -2, 0.5, 3, 0, 0, 10, -1, -4, 2, 2, 1];

    public static readonly double[] Teacher = [0.5, 1.5, -1, 2, 3, -3, 4, 0, 1, 1, -2, 5];

    public static readonly long[] Labels = [3, 0, 1];

    internal delegate TemperedKlOracleResult Oracle(
        double[] student, double[] teacher, OracleReduction reduction, long[]? labels, double[]? upstream);

    /// <summary>
    /// Both gradients against differences of the reduced loss, with and without ignored rows, and upstream.
    /// </summary>
    public static void CheckGradients(Oracle oracle, bool needsLabels = false)
    {
        double[] student = Differences.Values(1, 15), teacher = Differences.Values(2, 15);
        foreach (OracleReduction reduction in Enum.GetValues<OracleReduction>())
        {
            foreach (long[]? labels in new long[]?[] { needsLabels ? [1, 4, 0] : null, [1, -100, 0] })
            {
                TemperedKlOracleResult result = oracle(student, teacher, reduction, labels, null);
                Differences.Check(
                    student, result.StudentGradient, x => oracle(x, teacher, reduction, labels, null).Loss, 1e-6, 1e-8);
                Differences.Check(
                    teacher, result.TeacherGradient, x => oracle(student, x, reduction, labels, null).Loss, 1e-6, 1e-8);
            }
        }

        double[] upstream = [2, -1, 0.5];
        long[]? classes = needsLabels ? [1, 4, 0] : null;
        TemperedKlOracleResult one = oracle(student, teacher, OracleReduction.None, classes, null);
        TemperedKlOracleResult scaled = oracle(student, teacher, OracleReduction.None, classes, upstream);
        for (int i = 0; i < 15; i++)
        {
            Assert.Equal(one.StudentGradient[i] * upstream[i / 5], scaled.StudentGradient[i], 14);
            Assert.Equal(one.TeacherGradient[i] * upstream[i / 5], scaled.TeacherGradient[i], 14);
        }
    }

    public static void Close(double[] expected, double[] actual, double relative = 1e-12)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(
                Math.Abs(expected[i] - actual[i]) <= relative * Math.Max(1, Math.Abs(expected[i])),
                $"element {i}: expected {expected[i]:R} but got {actual[i]:R}");
        }
    }
}
