using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Analysis.Claims.Published;

/// <summary>How far the gradients of T² KL are from their limit, item by item.</summary>
/// <param name="Differences">Squared Euclidean distance from the limit, summed over students: <c>[temperatures][N]</c>.</param>
/// <param name="Limits">Squared norm of the limit, summed over students: <c>[N]</c>.</param>
internal sealed record GradientDistances(double[][] Differences, double[] Limits)
{
    public static GradientDistances Of(PairLogits logits, IReadOnlyList<double> temperatures)
    {
        int items = logits.Teacher.Length;
        double[][] differences = [.. temperatures.Select(_ => new double[items])];
        double[] limits = new double[items];
        using var scope = NewDisposeScope();
        Tensor teacher = Rows(logits.Teacher);
        long classes = teacher.shape[1];
        foreach (float[][] own in logits.Students)
        {
            Tensor student = Rows(own);
            Tensor limit = Gradient(
                Centred(student), leaf => KdFunctional.LogitRegression(leaf, Centred(teacher), KdReduction.Sum)) / classes;
            Add(limits, limit);
            for (int index = 0; index < differences.Length; index++)
            {
                Tensor gradient = Gradient(
                    student, leaf => KdFunctional.TemperedKl(leaf, teacher, temperatures[index], KdReduction.Sum));
                Add(differences[index], gradient - limit);
            }
        }

        return new GradientDistances(differences, limits);
    }

    /// <summary>Norm of the difference over that of the limit, over some items.</summary>
    public double Relative(int temperature, IReadOnlyList<int> items)
    {
        double difference = 0;
        double limit = 0;
        foreach (int item in items)
        {
            difference += Differences[temperature][item];
            limit += Limits[item];
        }

        return Math.Sqrt(difference / limit);
    }

    private static Tensor Rows(float[][] logits) => tensor(
        [.. logits.SelectMany(row => row).Select(value => (double)value)], logits.Length, logits[0].Length);

    private static Tensor Centred(Tensor logits) => logits - logits.mean([1], keepdim: true);

    private static Tensor Gradient(Tensor logits, Func<Tensor, Tensor> loss)
    {
        Tensor leaf = logits.detach().clone().requires_grad_(true);
        loss(leaf).backward();
        return leaf.grad!;
    }

    private static void Add(double[] sums, Tensor rows)
    {
        Tensor squares = rows.square().sum(1);
        for (int item = 0; item < sums.Length; item++)
        {
            sums[item] += squares[item].item<double>();
        }
    }
}
