using KdKernels.Core;

namespace KdKernels.PtxVerify.Cases;

/// <summary>A case's numbers, rounded to the element type so that oracle and kernel see the same ones.</summary>
internal sealed class CaseData
{
    public const long IgnoredLabel = -100;

    public CaseData(KernelCase kernelCase)
    {
        int seed = 17 + (kernelCase.Rows * 31) + kernelCase.Classes;
        var random = new Random(seed);
        int count = kernelCase.Rows * kernelCase.Classes;
        Teacher = kernelCase.Layout == Layout.ExpandedTeacher
            ? Repeat(Logits(kernelCase.Classes, random, kernelCase), kernelCase.Rows)
            : Logits(count, random, kernelCase);
        Student = kernelCase.Pattern switch
        {
            Pattern.Near or Pattern.Vanishing => [.. Teacher.Select(t => t + (1e-3 * Normal(random)))],
            Pattern.Shifted => [.. Teacher.Select(t => t + 1000 + (0.5 * Normal(random)))],
            Pattern.Equal => [.. Teacher],
            _ => Logits(count, random, kernelCase),
        };
        Spoil(kernelCase);
        Round(Teacher, kernelCase.Type);
        Round(Student, kernelCase.Type);
        if (kernelCase.HasLabels)
            Labels = [.. Enumerable.Range(0, kernelCase.Rows).Select(
                row => kernelCase.Ignored && row % 3 == 1 ? IgnoredLabel : random.Next(kernelCase.Classes))];
        if (kernelCase.ClassWeights)
            Weights = [.. Enumerable.Range(0, kernelCase.Classes).Select(
                c => c % 7 == 3 ? 0 : (double)(float)(0.25 + random.NextDouble()))];
        if (kernelCase.Pass == Pass.Backward)
            Upstream = [.. Enumerable.Range(0, kernelCase.Reduction == KdReduction.None ? kernelCase.Rows : 1).Select(
                _ => (double)(float)Normal(random))];
    }

    public double[] Student { get; }

    public double[] Teacher { get; }

    public long[]? Labels { get; }

    public double[]? Weights { get; }

    public double[]? Upstream { get; }

    private static double[] Logits(int count, Random random, KernelCase kernelCase)
    {
        var values = new double[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = kernelCase.Pattern switch
            {
                Pattern.Ties => random.Next(-1, 2),
                Pattern.Outliers when random.Next(Math.Max(kernelCase.Classes / 2, 4)) == 0 =>
                    random.Next(2) == 0 ? 1e4 : -1e4,
                _ => 3 * Normal(random),
            };
        }

        return values;
    }

    private void Spoil(KernelCase kernelCase)
    {
        int classes = kernelCase.Classes;
        if (kernelCase.Pattern == Pattern.NotANumber)
        {
            for (int row = 1; row < kernelCase.Rows; row += 3)
                (row % 2 == 0 ? Teacher : Student)[(row * classes) + (row % classes)] = double.NaN;
        }

        for (int row = 0; kernelCase.Pattern == Pattern.Vanishing && classes > 1 && row < kernelCase.Rows; row++)
        {
            Teacher[(row * classes) + (row % classes)] = -200 * kernelCase.Temperature;
            Student[(row * classes) + (row % classes)] = -12 * kernelCase.Temperature;
        }

        if (kernelCase.Pattern != Pattern.Excluded) return;
        for (int row = 0; row < kernelCase.Rows; row++)
        {
            for (int c = 0; c < classes; c++)
            {
                int i = (row * classes) + c;
                // The classes that the student excludes are a part of the teacher's, but for one row in five.
                if (c % 7 == 2) Teacher[i] = double.NegativeInfinity;
                if (c % 14 == 2) Student[i] = double.NegativeInfinity;
                if (row % 5 == 3 && c == classes / 2) Student[i] = double.NegativeInfinity;
                if (row % 5 == 4) Teacher[i] = double.NegativeInfinity;
            }
        }
    }

    private static double[] Repeat(double[] row, int times) => [.. Enumerable.Range(0, times).SelectMany(_ => row)];

    private static void Round(double[] values, KdElementType type)
    {
        for (int i = 0; i < values.Length; i++) values[i] = Narrow.Round(values[i], type);
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
