using KdKernels.Bench.Harness;
using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Bench.SoftmaxJvp;

/// <summary>SoftmaxJvp at T = 4 with gradients of both inputs, beside three ways of composing it.</summary>
internal static class SoftmaxJvpCases
{
    private const double Temperature = 4;

    public static IEnumerable<BenchCase> All() =>
    [
        Case(256, 10, 1000, target: 3),
        Case(4096, 10, 100, quick: false),
        Case(64, 4, 32000, quick: false),
        Case(1024, 1, 1000, quick: false),
    ];

    private static BenchCase Case(long rows, long count, long classes, double? target = null, bool quick = true)
    {
        var logits = (randn(rows, classes) * 3).requires_grad_();
        var tangents = randn(rows, count, classes).requires_grad_();
        Tensor P() => nn.functional.softmax(logits / Temperature, 1).unsqueeze(1);
        return new BenchCase
        {
            Op = "softmax-jvp",
            Shape = $"[{rows},{count},{classes}]",
            Leaves = [logits, tangents],
            Fused = () => KdFunctional.SoftmaxJvp(logits, tangents, Temperature),
            Composed =
            [
                new("centred", () => SoftmaxJvpComposed.Values(logits, tangents, new(Temperature))),
                new("bmm", () =>
                {
                    var p = P();
                    return p * (tangents - tangents.bmm(p.transpose(1, 2))) / Temperature;
                }),
                new("products", () =>
                {
                    var pv = P() * tangents / Temperature;
                    return pv - (P() * pv.sum([-1], keepdim: true));
                }),
            ],
            // The derivative of a distribution sums to 0.
            Compared = output => output.square(),
            Expected = () => SoftmaxJvpOracle.Compute(
                Doubles.Of(logits), Doubles.Of(tangents), (int)classes, (int)count, Temperature, ofLogarithm: false)
                .Values.Sum(value => value * value),
            // The upstream gradient of a sum is one number.
            ForwardBytes = BenchCase.Bytes(logits, tangents, tangents),
            TotalBytes = BenchCase.Bytes(logits, tangents, tangents, logits, tangents, tangents, logits),
            Target = target,
            IsQuick = quick,
        };
    }
}
