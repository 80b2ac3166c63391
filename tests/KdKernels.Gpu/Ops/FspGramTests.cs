using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Gpu;

/// <summary>FspGram and FspLoss through torch, against the oracle.</summary>
internal sealed class FspGramTests : IOpTests
{
    private const int Batch = 3;

    private static readonly (int Channels1, int Channels2, int Height, int Width)[] Sizes =
        [(3, 5, 4, 4), (64, 64, 16, 16), (65, 130, 8, 8), (16, 32, 7, 7), (20, 12, 14, 14)];

    public string Op => "fsp-gram";

    public void Run(TestSession session)
    {
        foreach (var type in Shapes.Types(session))
        {
            foreach (var size in session.Quick ? Sizes[..2] : Sizes)
            {
                session.Test($"fsp-gram {size} {type}", () => Gram(session, type, size, channelsLast: false, FspPooling.Max));
                session.Test($"fsp-loss {size} {type}", () => Loss(session, type, size, new(), KdReduction.BatchMean));
            }
            var first = Sizes[0];
            session.Test($"fsp-gram {type} channels_last", () => Gram(session, type, first, channelsLast: true, FspPooling.Max));
            foreach (var pooling in Enum.GetValues<FspPooling>())
            {
                session.Test($"fsp-gram {type} {pooling} pooling", () => Gram(session, type, first, false, pooling, (6, 7)));
                session.Test($"fsp-gram {type} {pooling} pooling by halves", () => Gram(session, type, first, true, pooling, (8, 8)));
            }
            foreach (var form in Enum.GetValues<FspForm>())
            {
                foreach (var reduction in new[] { KdReduction.None, KdReduction.Sum })
                {
                    session.Test(
                        $"fsp-loss {type} {form} {reduction}", () => Loss(session, type, (66, 5, 4, 4), new(form), reduction));
                }
            }
            session.Test($"fsp-loss {type} equal networks", () => EqualNetworks(session, type));
            session.Test($"fsp-gram {type} the same bits", () => Repeats(session, type));
        }
        session.Test("fsp-gram allowTf32", () => Tf32(session));
        session.Test("fsp-gram create_graph", () => SecondOrder(session));
    }

    private static void Gram(
        TestSession session,
        ScalarType type,
        (int Channels1, int Channels2, int Height, int Width) size,
        bool channelsLast,
        FspPooling pooling,
        (int Height, int Width)? second = null)
    {
        (int height, int width) = second ?? (size.Height, size.Width);
        var first = Maps(session, 1, type, size.Channels1, size.Height, size.Width, channelsLast);
        var other = Maps(session, 2, type, size.Channels2, height, width, channelsLast);
        bool average = pooling == FspPooling.Average;
        var gram = KdFunctional.FspGram(first.Leaf, other.Leaf, pooling);
        Check.True(gram.dtype == ScalarType.Float32, $"matrices of Float32 but got {gram.dtype}");
        Check.Gradient(FspGramOracle.Gram(first.Oracle, other.Oracle, average), gram, ScalarType.Float32, "matrices");
        var upstream = randn([Batch, size.Channels1, size.Channels2], ScalarType.Float32, CPU, generator: new Generator(5, CPU));
        gram.backward([upstream.to(session.Device)]);
        (double[] expected1, double[] expected2) =
            FspGramOracle.Gradients(first.Oracle, other.Oracle, average, Check.Values(upstream));
        Check.Gradient(expected1, first.Leaf.grad, type, "first gradient");
        Check.Gradient(expected2, other.Leaf.grad, type, "second gradient");
    }

    private static void Loss(
        TestSession session,
        ScalarType type,
        (int Channels1, int Channels2, int Height, int Width) size,
        FspOptions options,
        KdReduction reduction)
    {
        var s1 = Maps(session, 1, type, size.Channels1, size.Height, size.Width);
        var s2 = Maps(session, 2, type, size.Channels2, size.Height, size.Width);
        var t1 = Maps(session, 3, type, size.Channels1, size.Height, size.Width);
        var t2 = Maps(session, 4, type, size.Channels2, size.Height, size.Width);
        double[] upstream = reduction == KdReduction.None ? [1, 0.5, -2] : [3];
        var truth = FspGramOracle.Loss(
            s1.Oracle, s2.Oracle, t1.Oracle, t2.Oracle, (OracleFspForm)options.Form, averagePooling: false,
            Enum.Parse<OracleReduction>(reduction.ToString()), upstream);
        double[] expected = reduction == KdReduction.None ? truth.SampleLosses : [truth.Loss];
        using (no_grad()) Check.Losses(expected, Call(s1.Tensor, s2.Tensor).reshape(-1));
        var loss = Call(s1.Leaf, s2.Leaf);
        Check.Losses(expected, loss.reshape(-1));
        loss.backward([tensor(upstream).to(loss.dtype).to(session.Device).reshape(loss.shape)]);
        Check.Gradient(truth.Gradient1, s1.Leaf.grad, type, "first gradient");
        Check.Gradient(truth.Gradient2, s2.Leaf.grad, type, "second gradient");

        Tensor Call(Tensor first, Tensor second) =>
            KdFunctional.FspLoss(first, second, t1.Tensor, t2.Tensor, reduction, options);
    }

    private static void EqualNetworks(TestSession session, ScalarType type)
    {
        var first = Maps(session, 1, type, 12, 20, 20);
        var second = Maps(session, 2, type, 9, 20, 20);
        foreach (var form in Enum.GetValues<FspForm>())
        {
            first.Leaf.grad = null;
            var loss = KdFunctional.FspLoss(
                first.Leaf, second.Leaf, first.Tensor, second.Tensor, KdReduction.Sum, new(form));
            Check.True(Check.Values(loss)[0] == 0, $"no loss but got {Check.Values(loss)[0]}");
            loss.backward();
            Check.True(Check.Values(first.Leaf.grad!).All(value => value == 0), "no gradient but got some");
        }
    }

    private static void Repeats(TestSession session, ScalarType type)
    {
        var first = Maps(session, 1, type, 64, 32, 32);
        var second = Maps(session, 2, type, 64, 32, 32);
        using var none = no_grad();
        var gram = KdFunctional.FspGram(first.Tensor, second.Tensor);
        for (int i = 0; i < 20; i++) Check.SameBits(gram, KdFunctional.FspGram(first.Tensor, second.Tensor), "matrices");
    }

    private static void Tf32(TestSession session)
    {
        var first = Maps(session, 1, ScalarType.Float32, 64, 16, 16);
        var second = Maps(session, 2, ScalarType.Float32, 64, 16, 16);
        using var none = no_grad();
        double[] expected = FspGramOracle.Gram(first.Oracle, second.Oracle, averagePooling: false);
        double[] found = Check.Values(KdFunctional.FspGram(first.Tensor, second.Tensor, allowTf32: true));
        double off = expected.Zip(found, (e, f) => (e - f) * (e - f)).Sum(), norm = expected.Sum(e => e * e);
        Check.True(Math.Sqrt(off / norm) < 1e-3, $"an error of at most 1e-3 but got {Math.Sqrt(off / norm):G3}");
    }

    private static void SecondOrder(TestSession session)
    {
        var first = Maps(session, 1, ScalarType.Float32, 3, 4, 4);
        var second = Maps(session, 2, ScalarType.Float32, 5, 4, 4);
        var gradient = autograd.grad(
            [KdFunctional.FspGram(first.Leaf, second.Leaf).pow(2).sum()], [first.Leaf], retain_graph: true, create_graph: true)[0];
        Check.True(gradient.requires_grad, "a gradient that can be differentiated but got one that cannot");
        gradient.sum().backward();
        Check.True(second.Leaf.grad is not null, "a gradient of the gradient but got none");
    }

    private sealed record Features(Tensor Tensor, Tensor Leaf, OracleMaps Oracle);

    private static Features Maps(
        TestSession session, int seed, ScalarType type, int channels, int height, int width, bool channelsLast = false)
    {
        var values = randn([Batch, channels, height, width], ScalarType.Float32, CPU, generator: new Generator((ulong)seed, CPU)).to(type);
        var oracle = new OracleMaps(Check.Values(values), Batch, channels, height, width);
        var features = values.to(session.Device);
        if (channelsLast) features = features.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
        return new Features(features, features.detach().clone().requires_grad_(), oracle);
    }
}
