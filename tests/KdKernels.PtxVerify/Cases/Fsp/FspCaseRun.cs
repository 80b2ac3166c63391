using KdKernels.Core;
using KdKernels.PtxVerify.Driver;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases.Fsp;

/// <summary>A call of FspGram or FspLoss on an emulated device.</summary>
internal sealed class FspCaseRun : CaseRun
{
    private readonly FspCase fsp;
    private readonly FspData data;
    private readonly FspBounds bounds;
    private readonly MapView student1;
    private readonly MapView student2;
    private readonly MapView teacher1;
    private readonly MapView teacher2;
    private readonly DeviceTensor? result;
    private readonly DeviceTensor? upstream;
    private readonly DeviceTensor? gradient1;
    private readonly DeviceTensor? gradient2;

    public FspCaseRun(EmulatedGpu gpu, FspCase fsp)
        : base(gpu)
    {
        this.fsp = fsp;
        data = new FspData(fsp);
        bounds = new FspBounds(fsp, data);
        student1 = Map("student1", data.Student1);
        student2 = fsp.Symmetric ? student1 : Map("student2", data.Student2);
        if (fsp.IsLoss)
        {
            teacher1 = Map("teacher1", data.Teacher1);
            teacher2 = fsp.Symmetric ? teacher1 : Map("teacher2", data.Teacher2);
        }

        int values = fsp.Reduction == KdReduction.None ? fsp.Batch : 1;
        if (fsp.Call == FspCall.Gram)
            result = Output("gram", KdElementType.Float32, fsp.Batch, fsp.Channels1, fsp.Channels2);
        else if (fsp.Call == FspCall.GramBackward)
            upstream = Input("upstream", KdElementType.Float32, fsp.Batch, fsp.Channels1, fsp.Channels2, data.Upstream);
        else if (fsp.Call == FspCall.LossBackward)
            upstream = Input("upstream", KdElementType.Float32, values, 1, 1, data.Upstream);
        else
            result = Output("loss", KdElementType.Float32, values, 1, 1);
        if (!fsp.WantsGradient) return;
        gradient1 = Output("gradient1", fsp.Type, fsp.Batch, data.Student1.Pixels, fsp.Channels1, Place(data.Student1));
        if (!fsp.FirstOnly)
            gradient2 = Output("gradient2", fsp.Type, fsp.Batch, data.Student2.Pixels, fsp.Channels2, Place(data.Student2));
    }

    private FspLossSettings Settings => new(fsp.Form, fsp.Pooling, fsp.Reduction) { AllowTf32 = fsp.AllowTf32 };

    private bool Average => fsp.Pooling == FspPooling.Average;

    public override void Execute()
    {
        switch (fsp.Call)
        {
            case FspCall.Gram:
                FspGram.Forward(student1, student2, fsp.Pooling, result!.View, fsp.AllowTf32, Queue);
                break;
            case FspCall.GramBackward:
                FspGram.Backward(
                    student1, student2, fsp.Pooling, upstream!.View, gradient1?.View, gradient2?.View, fsp.AllowTf32, Queue);
                break;
            case FspCall.Loss:
                FspLoss.Forward(student1, student2, teacher1, teacher2, Settings, result!.View, Queue);
                break;
            case FspCall.LossWithGradient:
                FspLoss.ForwardWithGradient(
                    student1, student2, teacher1, teacher2, Settings, result!.View, gradient1?.View, gradient2?.View, Queue);
                break;
            default:
                FspLoss.Backward(
                    student1, student2, teacher1, teacher2, Settings, upstream!.View, gradient1?.View, gradient2?.View, Queue);
                break;
        }
    }

    protected override void Compare(Verdict verdict)
    {
        if (fsp.Call == FspCall.Gram)
        {
            Compare(verdict, FspGramOracle.Gram(data.Student1, data.Student2, Average), result!.Read(), bounds.Gram(), "gram");
            return;
        }

        if (fsp.Call == FspCall.GramBackward)
        {
            (double[] first, double[] second) =
                FspGramOracle.Gradients(data.Student1, data.Student2, Average, data.Upstream);
            CompareGradients(verdict, first, second);
            return;
        }

        FspGramOracleResult truth = FspGramOracle.Loss(
            data.Student1, data.Student2, data.Teacher1, data.Teacher2, (OracleFspForm)fsp.Form, Average,
            Oracle.Reduction(fsp.Reduction), fsp.Call == FspCall.LossBackward ? data.Upstream : null);
        if (result is not null)
        {
            double[] off = bounds.Losses();
            bool each = fsp.Reduction == KdReduction.None;
            double divisor = fsp.Reduction == KdReduction.BatchMean ? fsp.Batch : 1;
            double[] expected = each ? truth.SampleLosses : [truth.Loss];
            double[] allowed = each ? off : [off.Sum() / divisor];
            // Sums of squares in float32, besides.
            for (int i = 0; i < allowed.Length; i++) allowed[i] += 1e-6 * Math.Abs(expected[i]);
            Compare(verdict, expected, result.Read(), allowed, "loss");
        }

        if (fsp.WantsGradient) CompareGradients(verdict, truth.Gradient1, truth.Gradient2);
    }

    private void CompareGradients(Verdict verdict, double[] first, double[] second)
    {
        (double[] off1, double[] off2) = bounds.Gradients();
        CompareGradient(verdict, first, gradient1, data.Student1, off1, "gradient1");
        if (gradient2 is not null) CompareGradient(verdict, second, gradient2, data.Student2, off2, "gradient2");
    }

    private void CompareGradient(
        Verdict verdict, double[] expected, DeviceTensor? gradient, OracleMaps maps, double[] off, string what)
    {
        double[] found = gradient!.Read();
        for (int sample = 0; sample < maps.Batch; sample++)
        {
            for (int channel = 0; channel < maps.Channels; channel++)
            {
                for (int p = 0; p < maps.Pixels; p++)
                {
                    double actual = found[(((sample * maps.Pixels) + p) * maps.Channels) + channel];
                    int at = maps.Index(sample, channel, p);
                    verdict.Check(expected[at], actual, 1, off[sample], () => $"{what}, element {at}", fsp.Type);
                }
            }
        }
    }

    private static void Compare(Verdict verdict, double[] expected, double[] actual, double[] off, string what)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            int at = i;
            verdict.Check(expected[i], actual[i], 1, off[i], () => $"{what}, element {at}");
        }
    }

    private MapView Map(string name, OracleMaps maps)
    {
        var rows = new double[maps.Values.Length];
        for (int sample = 0; sample < maps.Batch; sample++)
        {
            for (int channel = 0; channel < maps.Channels; channel++)
            {
                for (int p = 0; p < maps.Pixels; p++)
                    rows[(((sample * maps.Pixels) + p) * maps.Channels) + channel] = maps[sample, channel, p];
            }
        }

        DeviceTensor tensor = Input(name, fsp.Type, maps.Batch, maps.Pixels, maps.Channels, rows, Place(maps));
        return new MapView(tensor.View, maps.Height, maps.Width);
    }

    private Placement Place(OracleMaps maps)
    {
        (long batch, long channels, long pixels) = (maps.Batch, maps.Channels, maps.Pixels);
        return fsp.Layout switch
        {
            MapLayout.Pixels => new Placement(batch * channels * pixels, 0, channels * pixels, channels, 1),
            MapLayout.Misaligned => new Placement(
                (batch * channels * (pixels + 1)) + 1, 1, channels * (pixels + 1), 1, pixels + 1),
            MapLayout.Reversed => new Placement(batch * channels * pixels, pixels - 1, channels * pixels, -1, pixels),
            _ => new Placement(batch * channels * pixels, 0, channels * pixels, 1, pixels),
        };
    }
}
