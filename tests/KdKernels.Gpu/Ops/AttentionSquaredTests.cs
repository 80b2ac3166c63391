using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Gpu;

/// <summary>AttentionSquared, AttentionMap and AttentionPeak.</summary>
internal sealed class AttentionSquaredTests : IOpTests
{
    private const double Beta = 1000;

    public string Op => "attention-squared";

    public void Run(TestSession session)
    {
        (int B, int C, int H, int W)[] shapes = session.Quick || !session.OnCuda
            ? [(3, 8, 4, 4), (2, 16, 7, 7), (1, 5, 3, 5)]
            : [(3, 8, 4, 4), (2, 16, 7, 7), (1, 5, 3, 5), (9, 256, 32, 32), (5, 2048, 7, 7), (1200, 512, 16, 16), (2, 16, 112, 112)];
        foreach (var type in Shapes.Types(session))
        {
            foreach (var (b, c, h, w) in shapes)
            {
                foreach (bool channelsLast in new[] { false, true })
                {
                    string name = $"{Op} [{b},{c},{h},{w}] {type}{(channelsLast ? " channels_last" : "")}";
                    session.Test(name, () => Loss(session, type, b, c, (h, w), (h, w), channelsLast, KdReduction.Mean));
                    session.Test($"{name} map and peak", () => Map(session, type, b, c, h, w, channelsLast));
                }
            }
            foreach (var reduction in Enum.GetValues<KdReduction>())
                session.Test($"{Op} {type} {reduction}", () => Loss(session, type, 4, 16, (8, 8), (8, 8), false, reduction));
            session.Test($"{Op} {type} pooled", () => Loss(session, type, 2, 6, (7, 5), (3, 4), false, KdReduction.Sum));
            session.Test($"{Op} {type} repeats", () => Repeats(session, type));
        }
    }

    private static void Loss(
        TestSession session, ScalarType type, int b, int c, (int H, int W) size, (int H, int W) teacherSize, bool channelsLast,
        KdReduction reduction)
    {
        var student = Logits.Random(c, type, session.Device, b * c, size.H * size.W);
        var teacher = Logits.Random(c + 1, type, session.Device, b * c, teacherSize.H * teacherSize.W);
        double[] upstream = reduction == KdReduction.None ? [.. Enumerable.Range(0, b).Select(i => 1 + i % 3 * 0.5)] : [3];
        var expected = AttentionSquaredOracle.Compute(
            new OracleMaps(student.Values, b, c, size.H, size.W), new OracleMaps(teacher.Values, b, c, teacherSize.H, teacherSize.W),
            paper: false, power: 2, channelMean: false, Beta, Enum.Parse<OracleReduction>(reduction.ToString()), upstream);
        var leaf = Place(student.OnDevice.reshape(b, c, size.H, size.W), channelsLast).detach().requires_grad_();
        var t = Place(teacher.OnDevice.reshape(b, c, teacherSize.H, teacherSize.W), channelsLast);
        var loss = KdFunctional.AttentionSquared(leaf, t, reduction, new AttentionOptions(Beta: Beta));
        Check.True(loss.dtype == ScalarType.Float32, $"a loss of Float32 but got {loss.dtype}");
        Check.Losses(reduction == KdReduction.None ? expected.SampleLosses : [expected.Loss], loss.reshape(upstream.Length));
        loss.backward([tensor(upstream).to(loss.dtype).to(session.Device).reshape(loss.shape)]);
        Check.Gradient(expected.Gradient, leaf.grad, type);
    }

    private static void Map(TestSession session, ScalarType type, int b, int c, int h, int w, bool channelsLast)
    {
        var features = Logits.Random(c + 2, type, session.Device, b * c, h * w);
        var maps = new OracleMaps(features.Values, b, c, h, w);
        var leaf = Place(features.OnDevice.reshape(b, c, h, w), channelsLast).detach().requires_grad_();
        var map = KdFunctional.AttentionMap(leaf);
        Check.Losses(AttentionSquaredOracle.Map(maps, 2, channelMean: false, normalise: true), map.reshape(b * h * w), "attention");
        double[] upstream = [.. Enumerable.Range(0, b * h * w).Select(i => i % 11 - 4.5)];
        map.backward([tensor(upstream).to(map.dtype).to(session.Device).reshape(map.shape)]);
        Check.Gradient(AttentionSquaredOracle.MapGradient(maps, 2, false, true, upstream), leaf.grad, type);
        double[] peaks = [.. AttentionSquaredOracle.Peaks(maps, 2).Select(peak => (double)peak)];
        Check.True(Check.Values(KdFunctional.AttentionPeak(leaf.detach())).AsSpan().SequenceEqual(peaks), "the oracle's peaks");
    }

    private static void Repeats(TestSession session, ScalarType type)
    {
        (int b, int c) = session.OnCuda ? (40, 512) : (3, 8);
        var features = Logits.Random(3, type, session.Device, b * c, 1024).OnDevice.reshape(b, c, 32, 32);
        var teacher = features.flip(0);
        Tensor? first = null;
        for (int i = 0; i < 20; i++)
        {
            var leaf = features.clone().detach().requires_grad_();
            KdFunctional.AttentionSquared(leaf, teacher, KdReduction.Mean).backward();
            Check.SameBits(first ??= leaf.grad!, leaf.grad!, $"call {i}'s gradient");
        }
    }

    private static Tensor Place(Tensor features, bool channelsLast) =>
        channelsLast ? features.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) : features;
}
