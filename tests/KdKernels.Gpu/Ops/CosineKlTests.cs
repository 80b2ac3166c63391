using KdKernels.Core;
using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Gpu;

/// <summary>SSKD's loss against the oracle: shapes, masks, strides, both gradients, ranks and selection, repeats.</summary>
internal sealed class CosineKlTests : IOpTests
{
    public string Op => "cosine-kl";

    public void Run(TestSession session)
    {
        foreach (var type in Shapes.Types(session))
        {
            foreach (var (rows, normals, student, teacher) in new[] { (1, 1, 1, 1), (192, 64, 256, 256), (9, 33, 31, 17), (6, 2, 1024, 128) })
            {
                foreach (var reduction in Enum.GetValues<KdReduction>())
                {
                    session.Test(
                        $"{Op} {rows} x {normals} of {student}, {teacher} {reduction} {type}",
                        () => Compare(Operands.Of(session, type, rows, normals, student, teacher), 0.5, reduction, masked: rows > 6, strided: false));
                }
            }
            session.Test(
                $"{Op} strides {type}",
                () => Compare(Operands.Of(session, type, 12, 7, 40, 24), 0.1, KdReduction.BatchMean, masked: false, strided: true));
            session.Test(
                $"{Op} infinite temperature {type}",
                () => Compare(Operands.Of(session, type, 12, 7, 40, 24), double.PositiveInfinity, KdReduction.Sum, masked: true, strided: false));
            session.Test($"{Op} repeats {type}", () => Repeats(Operands.Of(session, type, 192, 64, 256, 256)));
        }
        session.Test($"{Op} ranks and selection", () => Select(session));
        session.Test($"{Op} module", () => Module(session));
    }

    private static void Compare(Operands o, double temperature, KdReduction reduction, bool masked, bool strided)
    {
        bool[] kept = [.. Enumerable.Range(0, o.Rows).Select(row => !masked || row % 4 != 3)];
        var device = o.StudentAugmented.OnDevice.device;
        using var keep = masked ? tensor(kept).to(device) : null;
        var (augmented, normal) = (o.StudentAugmented.Leaf(), o.StudentNormal.Leaf());
        if (strided) augmented = augmented.t().contiguous().t().detach().requires_grad_();
        var loss = KdFunctional.CosineKl(
            augmented, normal, o.TeacherAugmented.OnDevice, o.TeacherNormal.OnDevice, temperature, reduction, keep);
        var upstream = reduction == KdReduction.None ? arange(1, o.Rows + 1, ScalarType.Float32).to(device) : null;
        loss.backward(upstream is null ? null : [upstream]);
        var truth = CosineKlOracle.Compute(
            o.StudentAugmented.Values, o.StudentNormal.Values, o.Student, o.TeacherAugmented.Values, o.TeacherNormal.Values, o.Teacher,
            temperature, Enum.Parse<OracleReduction>(reduction.ToString()), keep: kept,
            upstream: upstream is null ? null : Check.Values(upstream));
        Check.Losses(reduction == KdReduction.None ? truth.RowLosses : [truth.Loss], loss);
        Check.Gradient(truth.AugmentedGradient, augmented.grad, augmented.dtype, "augmented gradient");
        Check.Gradient(truth.NormalGradient, normal.grad, normal.dtype, "normal gradient");
    }

    private static void Repeats(Operands o)
    {
        var (loss, augmented, normal) = Once();
        for (int i = 1; i < 20; i++)
        {
            var again = Once();
            Check.SameBits(loss, again.Loss, $"call {i}'s loss");
            Check.SameBits(augmented, again.Augmented, $"call {i}'s augmented gradient");
            Check.SameBits(normal, again.Normal, $"call {i}'s normal gradient");
        }

        (Tensor Loss, Tensor Augmented, Tensor Normal) Once()
        {
            var (a, n) = (o.StudentAugmented.Leaf(), o.StudentNormal.Leaf());
            var value = KdFunctional.CosineKl(a, n, o.TeacherAugmented.OnDevice, o.TeacherNormal.OnDevice, 0.5, KdReduction.BatchMean);
            value.backward();
            return (value.detach(), a.grad!, n.grad!);
        }
    }

    private static void Select(TestSession session)
    {
        var scores = randint(0, 9, [60, 20], ScalarType.Float32, generator: new Generator(1, CPU));
        var targets = Labels.Random(2, session.Device, 60, 20, ignoreEvery: 0);
        var ranks = KdFunctional.ErrorRanks(scores.to(session.Device), targets.OnDevice);
        long[] expected = CosineKlOracle.Ranks(Check.Values(scores), 20, targets.Values);
        Check.True(ranks.cpu().data<long>().ToArray().AsSpan().SequenceEqual(expected), "the oracle's ranks");
        foreach (double fraction in new[] { 0, 0.5, 0.75, 1 })
        {
            var keep = new bool[60];
            ErrorLevel.Select(expected, fraction, keep);
            var kept = KdFunctional.KeepBestRanked(ranks, fraction).cpu();
            Check.True(kept.data<bool>().ToArray().AsSpan().SequenceEqual(keep), $"the rows that the CPU keeps of {fraction}");
        }
    }

    private static void Module(TestSession session)
    {
        var o = Operands.Of(session, ScalarType.Float32, 24, 8, 40, 24);
        using var loss = new CosineKlLoss(0.5, KdReduction.BatchMean, wrongFraction: 0.5);
        var value = loss.call(o.StudentAugmented.OnDevice, o.StudentNormal.OnDevice, o.TeacherAugmented.OnDevice, o.TeacherNormal.OnDevice);
        var onCpu = loss.call(
            o.StudentAugmented.OnDevice.cpu(), o.StudentNormal.OnDevice.cpu(), o.TeacherAugmented.OnDevice.cpu(),
            o.TeacherNormal.OnDevice.cpu());
        Check.Loss(onCpu.item<float>(), value);
    }

    /// <summary>Embeddings of both networks.</summary>
    private sealed record Operands(
        int Rows, int Student, int Teacher, Logits StudentAugmented, Logits StudentNormal, Logits TeacherAugmented, Logits TeacherNormal)
    {
        public static Operands Of(TestSession session, ScalarType type, int rows, int normals, int student, int teacher)
        {
            return new(rows, student, teacher, Make(1, rows, student), Make(2, normals, student), Make(3, rows, teacher), Make(4, normals, teacher));

            Logits Make(ulong seed, int count, int length) => Logits.Of(
                randn([count, length], ScalarType.Float32, generator: new Generator(seed, CPU)), type, session.Device);
        }
    }
}
