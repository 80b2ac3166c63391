using KdKernels.Bench.Harness;
using KdKernels.Core;
using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Bench.CrdContrast;

/// <summary>
/// CrdContrast at the paper's size: B = 64, K = 16384, D = 128, n = 50000. Least traffic: the bank once and the indices once; the
/// composed forms gather B·K·D elements, or multiply with the whole bank.
/// </summary>
internal static class CrdContrastCases
{
    private const double Temperature = 0.07;
    private const int Batch = 64, Count = 16384, Dimension = 128, Rows = 50000;

    public static IEnumerable<BenchCase> All()
    {
        yield return Make(drawn: false);
        yield return Make(drawn: true);
    }

    private static BenchCase Make(bool drawn)
    {
        manual_seed(5);
        var bank = nn.functional.normalize(randn(Rows, Dimension));
        var anchors = nn.functional.normalize(randn(Batch, Dimension)).detach().requires_grad_();
        var positives = randint(0, Rows, [Batch], ScalarType.Int64);
        var draws = new CrdDraws(new CrdNegatives(1, Rows), 0, Count);

        // The composed forms get the drawn indices for nothing.
        var negatives = drawn ? draws.ToTensor(positives) : randint(0, Rows, [Batch, Count], ScalarType.Int64);
        double z = KdFunctional.CrdNormalizer(anchors, bank, positives, negatives, Temperature);
        var all = cat([positives.unsqueeze(1), negatives], 1);
        return new BenchCase
        {
            Op = "crd-contrast",
            Shape = $"[{Batch},{Count},{Dimension}]{(drawn ? " drawn" : "")}",
            Leaves = [anchors],
            Fused = drawn
                ? () => KdFunctional.CrdContrast(anchors, bank, positives, draws, Temperature, z, KdReduction.BatchMean)
                : () => KdFunctional.CrdContrast(anchors, bank, positives, negatives, Temperature, z, KdReduction.BatchMean),
            Composed =
            [
                new("plain", () => Reference(
                    bank.index_select(0, all.view(-1)).view(Batch, Count + 1, Dimension).bmm(anchors.unsqueeze(2)).squeeze(2), z)),
                new("whole-bank", () => Reference(anchors.matmul(bank.t()).gather(1, all), z)),
            ],
            Expected = () => CrdContrastOracle.Compute(
                Doubles.Of(anchors), Doubles.Of(bank), Dimension, positives.data<long>().ToArray(), negatives.data<long>().ToArray(),
                Temperature, z, 0, OracleReduction.BatchMean).Loss,
            ForwardBytes = BenchCase.Bytes(anchors, bank) + (drawn ? 0 : BenchCase.Bytes(negatives)),
            TotalBytes = 2 * BenchCase.Bytes(anchors) + BenchCase.Bytes(bank) + (drawn ? 0 : BenchCase.Bytes(negatives)),
            Target = drawn ? null : 5,
            IsQuick = !drawn,
        };
    }

    // As in the reference implementation, ε = 1e-7 included.
    private static Tensor Reference(Tensor scores, double z)
    {
        const double c = (double)Count / Rows, epsilon = 1e-7;
        var x = (scores / Temperature).exp() / z;
        var own = x.narrow(1, 0, 1);
        var others = x.narrow(1, 1, Count);
        var positive = (own / (own + (c + epsilon))).log().sum();
        var negative = (full_like(others, c) / (others + (c + epsilon))).log().sum();
        return -(positive + negative) / Batch;
    }
}
