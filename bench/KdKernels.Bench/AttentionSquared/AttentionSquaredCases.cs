using KdKernels.Bench.Harness;
using KdKernels.Reference;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace KdKernels.Bench.AttentionSquared;

/// <summary>
/// The code's form of attention transfer with the student's gradient: both features are read forward, the student's are read and
/// its gradient is written backward.
/// </summary>
internal static class AttentionSquaredCases
{
    public static IEnumerable<BenchCase> All() =>
        from shape in new (long Batch, long Channels, long Size, bool ChannelsLast)[]
        {
            (64, 256, 32, false), (64, 512, 7, false), (64, 256, 32, true), (128, 64, 32, false),
        }
        select Make(shape.Batch, shape.Channels, shape.Size, shape.ChannelsLast);

    private static BenchCase Make(long batch, long channels, long size, bool channelsLast)
    {
        manual_seed(batch * 31 + channels);
        var teacher = Laid(randn(batch, channels, size, size), channelsLast);
        var student = Laid(teacher * 0.7 + randn(batch, channels, size, size), channelsLast).detach().requires_grad_();
        long bytes = BenchCase.Bytes(student);
        return new BenchCase
        {
            Op = "attention-squared",
            Shape = $"[{batch},{channels},{size},{size}]{(channelsLast ? "nhwc" : "")}",
            Leaves = [student],
            Fused = () => KdFunctional.AttentionSquared(student, teacher, KdReduction.Mean),
            Composed =
            [
                new("plain", () => Compared(student, teacher, x => x.pow(2).mean([1]))),
                new("product", () => Compared(student, teacher, x => (x * x).sum(1))),
                // Without a copy of the squares.
                new("norm", () => Compared(student, teacher, x => x.norm(1).pow(2))),
            ],
            Expected = () => Oracle(student, teacher),
            ForwardBytes = 2 * bytes,
            TotalBytes = 4 * bytes,
            Target = size == 32 && channels == 256 && !channelsLast ? 3 : null,
            IsQuick = !channelsLast && batch == 64,
        };
    }

    private static Tensor Laid(Tensor maps, bool channelsLast) =>
        channelsLast ? maps.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) : maps;

    private static Tensor Compared(Tensor student, Tensor teacher, Func<Tensor, Tensor> map)
    {
        return (Normalised(student) - Normalised(teacher)).pow(2).mean();

        Tensor Normalised(Tensor features) => normalize(map(features).flatten(1), p: 2, dim: 1, eps: 1e-12);
    }

    // The maps alone: the oracle's gradient of 16 million features would take longer than all that is measured.
    private static double Oracle(Tensor student, Tensor teacher)
    {
        double[] s = Map(student), t = Map(teacher);
        return s.Zip(t, (a, b) => (a - b) * (a - b)).Average();

        static double[] Map(Tensor maps)
        {
            int[] shape = [.. maps.shape.Select(size => (int)size)];
            var features = new OracleMaps(Doubles.Of(maps), shape[0], shape[1], shape[2], shape[3]);
            return AttentionSquaredOracle.Map(features, power: 2, channelMean: false, normalise: true);
        }
    }
}
