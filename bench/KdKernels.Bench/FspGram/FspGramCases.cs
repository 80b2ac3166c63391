using KdKernels.Bench.Harness;
using KdKernels.Reference;
using static TorchSharp.torch;

namespace KdKernels.Bench.FspGram;

/// <summary>
/// The paper's FSP loss with the gradients of both of the student's layers. At the first shape its 4.3 Gflop outweigh its bytes.
/// </summary>
internal static class FspGramCases
{
    public static IEnumerable<BenchCase> All() =>
        from shape in new (long Channels1, long Channels2, long Size1, long Size2, bool ChannelsLast)[]
        {
            (64, 128, 32, 32, false), (64, 128, 32, 16, false), (64, 128, 32, 32, true), (16, 32, 16, 16, false),
        }
        select Make(shape.Channels1, shape.Channels2, shape.Size1, shape.Size2, shape.ChannelsLast);

    private static BenchCase Make(long channels1, long channels2, long size1, long size2, bool channelsLast)
    {
        const long Batch = 64;
        manual_seed(Batch * 31 + channels1);
        var t1 = Layer(channels1, size1);
        var t2 = Layer(channels2, size2);
        var s1 = Layer(channels1, size1).requires_grad_();
        var s2 = Layer(channels2, size2).requires_grad_();
        long size = Math.Min(size1, size2), bytes = BenchCase.Bytes(s1, s2);
        return new BenchCase
        {
            Op = "fsp-loss",
            Shape = $"[{Batch},({channels1},{channels2}),({size1},{size2})]{(channelsLast ? "nhwc" : "")}",
            Leaves = [s1, s2],
            Fused = () => KdFunctional.FspLoss(s1, s2, t1, t2, KdReduction.BatchMean),
            Composed =
            [
                new("bmm", () => Compared((a, b) => a.bmm(b.transpose(1, 2)) / (size * size))),
                new("einsum", () => Compared((a, b) => einsum("bip,bjp->bij", a, b) / (size * size))),
                new("scaled-first", () => Compared((a, b) => (a / (size * size)).bmm(b.transpose(1, 2)))),
            ],
            Expected = Oracle,
            ForwardBytes = 2 * bytes,
            TotalBytes = 4 * bytes,
            Target = channels1 == 64 && size1 == size2 && !channelsLast ? 1.5 : null,
            IsQuick = channels1 == 64 && size1 == size2 && !channelsLast,
        };

        Tensor Layer(long channels, long side)
        {
            // As after a ReLU: matrices with large entries, whose difference is what counts.
            var maps = randn(Batch, channels, side, side).relu();
            return (channelsLast ? maps.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) : maps).detach();
        }

        Tensor Compared(Func<Tensor, Tensor, Tensor> gram) =>
            (gram(Planes(s1), Planes(s2)) - gram(Planes(t1), Planes(t2))).pow(2).sum() / Batch;

        Tensor Planes(Tensor maps) =>
            (maps.shape[2] == size ? maps : nn.functional.adaptive_max_pool2d(maps, [size, size])).flatten(2);

        // The matrices alone: the oracle's gradients would take longer than all that is measured.
        double Oracle()
        {
            double[] student = FspGramOracle.Gram(Maps(s1), Maps(s2), averagePooling: false);
            double[] teacher = FspGramOracle.Gram(Maps(t1), Maps(t2), averagePooling: false);
            return student.Zip(teacher, (a, b) => (a - b) * (a - b)).Sum() / Batch;
        }

        static OracleMaps Maps(Tensor maps)
        {
            int[] shape = [.. maps.shape.Select(length => (int)length)];
            return new OracleMaps(Doubles.Of(maps), shape[0], shape[1], shape[2], shape[3]);
        }
    }
}
