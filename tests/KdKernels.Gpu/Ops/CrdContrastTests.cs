using KdKernels.Core;
using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Gpu;

/// <summary>CRD against the oracle: given and drawn negatives, layouts, Z on the device, updates of the bank, repeats.</summary>
internal sealed class CrdContrastTests : IOpTests
{
    private const double Temperature = 0.07;
    private const ulong Seed = 99;

    public string Op => "crd-contrast";

    public void Run(TestSession session)
    {
        foreach (var type in Shapes.Types(session))
        {
            foreach (var (batch, rows, dimension, count) in new[] { (1, 2, 1, 1), (5, 60, 128, 40), (3, 50, 31, 1030), (4, 30, 512, 9), (33, 20, 16, 3) })
            {
                foreach (var reduction in new[] { KdReduction.None, KdReduction.Sum, KdReduction.BatchMean })
                {
                    session.Test(
                        $"{Op} [{batch}, {dimension}] {count} of {rows} {reduction} {type}",
                        () => Given(session, Operands.Of(session, type, batch, rows, dimension, count), reduction));
                }
            }
            session.Test($"{Op} drawn negatives {type}", () => Drawn(session, Operands.Of(session, type, 6, 50, 128, 70), byClass: false));
            session.Test($"{Op} drawn by class {type}", () => Drawn(session, Operands.Of(session, type, 6, 50, 128, 70), byClass: true));
            session.Test($"{Op} strides {type}", () => Strides(session, Operands.Of(session, type, 5, 40, 24, 30)));
            session.Test($"{Op} update of the bank {type}", () => Update(session, Operands.Of(session, type, 40, 60, 128, 1)));
            session.Test($"{Op} repeats {type}", () => Repeats(session, Operands.Of(session, type, 20, 300, 128, 2000)));
        }
        session.Test($"{Op} module", () => Module(session));
        if (session.OnCuda) session.Test($"{Op} an index outside of the bank", () => OutOfRange(session));
    }

    private static void Given(TestSession session, Operands o, KdReduction reduction)
    {
        var leaf = o.Anchors.Leaf();
        var loss = KdFunctional.CrdContrast(leaf, o.Bank.OnDevice, o.Positives.OnDevice, o.Negatives.OnDevice, Temperature, o.Z, reduction);
        Compare(o, reduction, leaf, loss, o.Negatives.Values);
    }

    private static void Drawn(TestSession session, Operands o, bool byClass)
    {
        var negatives = byClass
            ? new CrdNegatives(Seed, [.. Enumerable.Range(0, o.Rows).Select(row => (long)(row % 7))])
            : new CrdNegatives(Seed, o.Rows);
        var draws = new CrdDraws(negatives, 3, o.Count);
        var expected = new long[o.Batch * o.Count];
        var row = new int[o.Count];
        for (int i = 0; i < o.Batch; i++)
        {
            negatives.Draw(3, o.Positives.Values[i], row);
            for (int k = 0; k < o.Count; k++) expected[(i * o.Count) + k] = row[k];
        }

        var drawn = draws.ToTensor(o.Positives.OnDevice);
        Check.True(drawn.cpu().contiguous().data<long>().ToArray().AsSpan().SequenceEqual(expected), "the rows that the CPU draws");

        var z = zeros(1, ScalarType.Float64, session.Device);
        KdFunctional.CrdEstimateNormalizer(z, o.Anchors.OnDevice, o.Bank.OnDevice, o.Positives.OnDevice, draws, Temperature, onlyIfZero: true);
        var first = z.clone();
        KdFunctional.CrdEstimateNormalizer(z, o.Anchors.OnDevice, o.Bank.OnDevice, o.Positives.OnDevice, draws, 1, onlyIfZero: true);
        Check.SameBits(first, z, "a normaliser that is there");
        double truth = CrdContrastOracle.EstimateNormalizer(
            o.Anchors.Values, o.Bank.Values, o.Dimension, o.Positives.Values, expected, Temperature);
        Check.Loss(truth, z, "normaliser");

        var leaf = o.Anchors.Leaf();
        var loss = KdFunctional.CrdContrast(leaf, o.Bank.OnDevice, o.Positives.OnDevice, draws, Temperature, z, KdReduction.BatchMean);
        Compare(o with { Z = truth }, KdReduction.BatchMean, leaf, loss, expected);
    }

    private static void Strides(TestSession session, Operands o)
    {
        // The same values from a transposed matrix, a bank with gaps, and every second index.
        var anchors = o.Anchors.OnDevice.t().contiguous().t().detach().requires_grad_();
        var padded = cat([o.Bank.OnDevice, zeros_like(o.Bank.OnDevice)], 1).narrow(1, 0, o.Dimension);
        var twice = stack([o.Negatives.OnDevice, o.Negatives.OnDevice], 2).select(2, 1);
        var loss = KdFunctional.CrdContrast(anchors, padded, o.Positives.OnDevice, twice, Temperature, o.Z, KdReduction.Sum);
        Compare(o, KdReduction.Sum, anchors, loss, o.Negatives.Values);
    }

    private static void Update(TestSession session, Operands o)
    {
        long[] rows = [.. Enumerable.Range(0, o.Batch).Select(i => (long)(i * i % 11))];
        var bank = o.Bank.OnDevice.clone();
        KdFunctional.CrdUpdate(bank, tensor(rows).to(session.Device), o.Anchors.OnDevice, 0.5);
        double[] expected = o.Bank.Values;
        for (int i = 0; i < rows.Length; i++)
        {
            expected = CrdContrastOracle.UpdateBank(
                expected, o.Dimension, [rows[i]], o.Anchors.Values[(i * o.Dimension)..((i + 1) * o.Dimension)], 0.5);
        }
        Check.Gradient(expected, bank, o.Bank.OnDevice.dtype, "bank");
    }

    private static void Repeats(TestSession session, Operands o)
    {
        var draws = new CrdDraws(new CrdNegatives(Seed, o.Rows), 1, o.Count);
        var (loss, gradient) = Once();
        for (int i = 1; i < 20; i++)
        {
            var (again, gradientAgain) = Once();
            Check.SameBits(loss, again, $"call {i}'s loss");
            Check.SameBits(gradient, gradientAgain, $"call {i}'s gradient");
        }

        (Tensor Loss, Tensor Gradient) Once()
        {
            var leaf = o.Anchors.Leaf();
            var value = KdFunctional.CrdContrast(leaf, o.Bank.OnDevice, o.Positives.OnDevice, draws, Temperature, o.Z, KdReduction.BatchMean);
            value.backward();
            return (value.detach(), leaf.grad!);
        }
    }

    private static void Module(TestSession session)
    {
        // The same training on both devices: the step, Z and the banks lie on the device and must come out as on the CPU.
        var onCpu = Train(CPU);
        var onDevice = Train(session.Device);
        for (int step = 0; step < onCpu.Count; step++) Check.Loss(onCpu[step], tensor(onDevice[step]), $"loss of step {step}");

        static List<double> Train(Device device)
        {
            using var memory = new CrdMemory(40, 32, seed: 5).to(device);
            using var loss = new CrdContrastLoss(memory, new CrdNegatives(Seed, [.. Enumerable.Range(0, 40).Select(i => (long)(i % 4))]), 50, Temperature, KdReduction.BatchMean);
            var values = new List<double>();
            for (int step = 0; step < 3; step++)
            {
                using var scope = NewDisposeScope();
                var generator = new Generator((ulong)step + 1, CPU);
                Tensor Unit() => nn.functional.normalize(randn([6, 32], ScalarType.Float32, generator: generator), dim: 1).to(device);
                var value = loss.call(Unit(), Unit(), (arange(6, ScalarType.Int64) * (step + 2)).to(device));
                values.Add(value.cpu().item<float>());
            }
            return values;
        }
    }

    private static void OutOfRange(TestSession session)
    {
        var o = Operands.Of(session, ScalarType.Float32, 3, 20, 128, 10);
        var negatives = o.Negatives.OnDevice.clone();
        negatives[1, 4] = tensor(20L).to(session.Device);
        var leaf = o.Anchors.Leaf();
        var loss = KdFunctional.CrdContrast(leaf, o.Bank.OnDevice, o.Positives.OnDevice, negatives, Temperature, o.Z, KdReduction.None);
        loss.sum().backward();
        bool[] isNaN = [.. Check.Values(loss).Select(double.IsNaN)];
        Check.True(isNaN.AsSpan().SequenceEqual([false, true, false]), "NaN for that anchor alone");
        Check.True(leaf.grad![1].isnan().all().item<bool>() && !leaf.grad[0].isnan().any().item<bool>(), "and in its gradient alone");
    }

    private static void Compare(Operands o, KdReduction reduction, Tensor leaf, Tensor loss, long[] negatives)
    {
        var upstream = reduction == KdReduction.None ? arange(1, o.Batch + 1, ScalarType.Float32).to(loss.device) : ones([], loss.dtype, loss.device);
        loss.backward([upstream.to(loss.dtype)]);
        var truth = CrdContrastOracle.Compute(
            o.Anchors.Values, o.Bank.Values, o.Dimension, o.Positives.Values, negatives, Temperature, o.Z, 0,
            Enum.Parse<OracleReduction>(reduction.ToString()), Check.Values(upstream).Length == 1 && reduction != KdReduction.None ? null : Check.Values(upstream));
        Check.Losses(reduction == KdReduction.None ? truth.AnchorLosses : [truth.Loss], loss);
        Check.Gradient(truth.Gradient, leaf.grad, leaf.dtype);
    }

    /// <summary>Unit rows and random indices.</summary>
    private sealed record Operands(
        int Batch, int Rows, int Dimension, int Count, Logits Anchors, Logits Bank, Labels Positives, Labels Negatives, double Z)
    {
        public static Operands Of(TestSession session, ScalarType type, int batch, int rows, int dimension, int count)
        {
            var flat = Labels.Random(4, session.Device, batch * count, rows, ignoreEvery: 0);
            return new(
                batch, rows, dimension, count, Unit(1, batch), Unit(2, rows), Labels.Random(3, session.Device, batch, rows, ignoreEvery: 0),
                new Labels(flat.OnDevice.view(batch, count), flat.Values), rows * 3.5);

            Logits Unit(ulong seed, int of) => Logits.Of(
                nn.functional.normalize(randn([of, dimension], ScalarType.Float32, generator: new Generator(seed, CPU)), dim: 1), type, session.Device);
        }
    }
}
