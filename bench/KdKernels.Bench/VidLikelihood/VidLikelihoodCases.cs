using KdKernels.Bench.Harness;
using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace KdKernels.Bench.VidLikelihood;

/// <summary>
/// VidLikelihood with the gradients of μ and ρ. The floor is bytes, since there are three operations per element: μ and t are read, 2u,
/// and dμ is written, 3u; what belongs to channels is nothing beside that.
/// </summary>
internal static class VidLikelihoodCases
{
    private const double Epsilon = 1e-5;

    public static IEnumerable<BenchCase> All() =>
    [
        Make("[64,128,16,16]", target: 4, channelsLast: false, 64, 128, 16, 16),
        Make("[64,128,16,16] NHWC", target: null, channelsLast: true, 64, 128, 16, 16),
        Make("[1024,1000]", target: null, channelsLast: false, 1024, 1000),
        Make("[16,512,64,64]", target: null, channelsLast: false, 16, 512, 64, 64),
    ];

    private static BenchCase Make(string name, double? target, bool channelsLast, params long[] shape)
    {
        manual_seed(shape[0] + shape[1]);
        Tensor Features() => channelsLast
            ? randn(shape[0], shape[2], shape[3], shape[1]).permute(0, 3, 1, 2)
            : randn(shape);
        var (student, teacher) = (Features().detach().requires_grad_(), Features() * 2);
        var rho = (randn(shape[1]) * 0.5 + 4).detach().requires_grad_();
        long[] others = [.. Enumerable.Range(0, shape.Length).Where(dimension => dimension != 1).Select(dimension => (long)dimension)];
        long[] broadcast = [.. shape.Select((size, dimension) => dimension == 1 ? size : 1)];
        double rows = (double)student.numel() / shape[1];
        return new BenchCase
        {
            Op = "vid-likelihood",
            Shape = name,
            Leaves = [student, rho],
            Fused = () => KdFunctional.VidLikelihood(student, teacher, rho, KdReduction.Mean),
            Composed =
            [
                new("plain", () =>
                {
                    var variance = (log(1 + exp(rho)) + Epsilon).view(broadcast);
                    return (0.5 * ((student - teacher).pow(2) / variance + log(variance))).mean();
                }),
                new("softplus", () =>
                {
                    var variance = (rho.softplus() + Epsilon).view(broadcast);
                    return 0.5 * ((student - teacher).square() / variance).mean() + 0.5 * variance.log().mean();
                }),
                new("channel-sums", () =>
                {
                    var variance = rho.softplus() + Epsilon;
                    var squares = mse_loss(student, teacher, nn.Reduction.None).sum(others);
                    return 0.5 * (squares / (variance * rows) + variance.log()).mean();
                }),
            ],
            Expected = () => VidLikelihoodOracle.Compute(
                Rows(student), Rows(teacher), Doubles.Of(rho), (int)shape[1], OracleReduction.Mean).Loss,
            ForwardBytes = 2 * BenchCase.Bytes(student),
            TotalBytes = 3 * BenchCase.Bytes(student),
            Target = target,
            IsQuick = shape[0] == 64,
        };
    }

    /// <summary>Channels last, as the oracle takes them.</summary>
    private static double[] Rows(Tensor features)
    {
        using var scope = NewDisposeScope();
        return Doubles.Of(features.dim() == 4 ? features.permute(0, 2, 3, 1) : features);
    }
}
