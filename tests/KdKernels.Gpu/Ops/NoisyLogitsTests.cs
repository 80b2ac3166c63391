using KdKernels.Core;
using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Gpu;

/// <summary>NoisyLogits as every loss on two tensors of logits, and its noise against the CPU's bits.</summary>
internal sealed class NoisyLogitsTests : PairOpTests
{
    private const double Sigma = 0.3, Alpha = 0.6;
    private const ulong Seed = 0xfedcba9876543210;
    private const uint Step = 17;

    public override string Op => "noisy-logits";

    protected override bool? NeedsLabels => null;

    public override void Run(TestSession session)
    {
        base.Run(session);
        foreach (var type in Shapes.Types(session))
        {
            session.Test($"{Op} noise {type}", () => Noise(session, type));
            session.Test($"{Op} samples {type}", () => Samples(session, type));
            session.Test($"{Op} gradients of order two {type}", () => SecondOrder(session, type));
        }
    }

    protected override Tensor Call(Tensor student, Tensor teacher, PairCall call, Tensor? labels, Tensor? weights, long? dim = null) =>
        KdFunctional.NoisyLogits(student, teacher, Sigma, Alpha, call.Reduction, Seed, Step, dim: dim);

    protected override TemperedKlOracleResult Truth(
        double[] student, double[] teacher, int classes, PairCall call, long[]? labels, double[]? weights, double[]? upstream) =>
        Truth(student, teacher, classes, Reduction(call), upstream, row => row);

    private static TemperedKlOracleResult Truth(
        double[] student, double[] teacher, int classes, OracleReduction reduction, double[]? upstream, Func<int, long> sampleOf)
    {
        var settings = new NoisyLogitsSettings(Sigma, Alpha, KdReduction.Sum) { Seed = Seed, Step = Step };
        double[] noise = [.. Enumerable.Range(0, student.Length).Select(
            i => NoisyLogits.Noise(settings, sampleOf(i / classes), i % classes))];
        var truth = NoisyLogitsOracle.Compute(student, teacher, noise, classes, reduction, upstream: upstream);
        return new TemperedKlOracleResult(truth.RowLosses, truth.Loss, truth.StudentGradient, truth.TeacherGradient);
    }

    /// <summary>Gradients of sums of half the squares have no factor: they are the CPU's bits, rounded to the type.</summary>
    private static void Noise(TestSession session, ScalarType type)
    {
        foreach (long classes in new[] { 7L, 100, 1028, 8195 })
        {
            var student = Logits.Random(classes, type, session.Device, 5, classes).OnDevice;
            var teacher = Logits.Random(classes + 1, type, session.Device, 5, classes).OnDevice;
            Tensor[] onDevice = Gradients(student, teacher);
            Tensor[] onCpu = Gradients(student.cpu().to(ScalarType.Float32), teacher.cpu().to(ScalarType.Float32));
            for (int i = 0; i < 2; i++)
                Check.SameBits(onCpu[i].to(type), onDevice[i].cpu(), $"gradient {i} of {classes} classes");
        }

        static Tensor[] Gradients(Tensor student, Tensor teacher)
        {
            Tensor s = student.clone().detach().requires_grad_(), t = teacher.clone().detach().requires_grad_();
            KdFunctional.NoisyLogits(s, t, Sigma, Alpha, KdReduction.Sum, Seed, Step).backward();
            return [s.grad!, t.grad!];
        }
    }

    private static void Samples(TestSession session, ScalarType type)
    {
        long[] numbers = [4_000_000_000, 3, 77, 0, 12, uint.MaxValue];
        Logits student = Logits.Random(1, type, session.Device, 6, 40), teacher = Logits.Random(2, type, session.Device, 6, 40);
        var rows = KdFunctional.NoisyLogits(
            student.OnDevice, teacher.OnDevice, Sigma, Alpha, KdReduction.None, Seed, Step, tensor(numbers).to(session.Device));
        Check.Losses(Truth(student.Values, teacher.Values, 40, OracleReduction.None, null, row => numbers[row]).RowLosses, rows);
        if (session.Device.type != DeviceType.CUDA) return;
        var wrong = tensor([4, -1, 1L << 32, 5, 6, 7], ScalarType.Int64).to(session.Device);
        var spoiled = KdFunctional.NoisyLogits(
            student.OnDevice, teacher.OnDevice, Sigma, Alpha, KdReduction.None, Seed, Step, wrong);
        Check.True(
            Check.Values(spoiled).Select(double.IsNaN).SequenceEqual([false, true, true, false, false, false]), "NaN of what is no sample");
    }

    /// <summary>½ Σ (s − (1 + n)t)² by the teacher twice, summed: Σ over j of (1 + n_j)², on the diagonal.</summary>
    private static void SecondOrder(TestSession session, ScalarType type)
    {
        Logits student = Logits.Random(3, type, session.Device, 4, 9), teacher = Logits.Random(4, type, session.Device, 4, 9);
        var leaf = teacher.Leaf();
        var loss = KdFunctional.NoisyLogits(student.OnDevice, leaf, Sigma, Alpha, KdReduction.Sum, Seed, Step);
        var first = autograd.grad([loss], [leaf], retain_graph: true, create_graph: true)[0];
        first.to(ScalarType.Float32).sum().backward();
        var settings = new NoisyLogitsSettings(Sigma, Alpha, KdReduction.Sum) { Seed = Seed, Step = Step };
        double[] expected = [.. Enumerable.Range(0, 36).Select(i => Math.Pow(1 + NoisyLogits.Noise(settings, i / 9, i % 9), 2))];
        Check.Gradient(expected, leaf.grad, type, "second derivative");
    }
}
