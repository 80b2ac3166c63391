using KdKernels.Core;
using KdKernels.PtxVerify.Driver;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases;

/// <summary>A case of CosineKl against the oracle.</summary>
internal sealed class CosineCaseRun : CaseRun
{
    private readonly CosineCase c;
    private readonly double[][] values;
    private readonly double[] upstreamValues;
    private readonly DeviceTensor[] embeddings;
    private readonly DeviceTensor? keep;
    private readonly DeviceTensor? upstream;
    private readonly DeviceTensor? loss;
    private readonly DeviceTensor? ofRows;
    private readonly DeviceTensor? ofNormals;

    public CosineCaseRun(EmulatedGpu gpu, CosineCase c)
        : base(gpu)
    {
        this.c = c;
        var random = new Random(c.Rows + (7 * c.Normals) + (31 * c.Student));
        double[] Draw(int rows, int length) =>
            [.. Enumerable.Range(0, rows * length).Select(i => Narrow.Round((random.NextDouble() - 0.4) * Length(i / length), c.Type))];
        values = [Draw(c.Rows, c.Student), Draw(c.Normals, c.Student), Draw(c.Rows, c.Teacher), Draw(c.Normals, c.Teacher)];
        MakeOdd();
        embeddings =
        [
            Input("student augmented", c.Type, c.Rows, 1, c.Student, values[0], ByColumns(c.Rows, c.Student)),
            Input("student normal", c.Type, c.Normals, 1, c.Student, values[1], WithGaps(c.Normals, c.Student)),
            Input("teacher augmented", c.Type, c.Rows, 1, c.Teacher, values[2], ByColumns(c.Rows, c.Teacher)),
            Input("teacher normal", c.Type, c.Normals, 1, c.Teacher, values[3], WithGaps(c.Normals, c.Teacher)),
        ];
        int results = c.Reduction == KdReduction.None ? c.Rows : 1;
        upstreamValues = [.. Enumerable.Range(0, results).Select(i => 0.5 - (0.75 * i))];
        if (c.Masked) keep = Input("keep", KdElementType.Int64, c.Rows, 1, 1, [.. Kept().Select(kept => kept ? 1.0 : 0)]);
        if (c.Pass == Pass.Backward) upstream = Input("upstream", KdElementType.Float32, results, 1, 1, upstreamValues);
        if (c.Pass != Pass.Backward) loss = Output("loss", KdElementType.Float32, results, 1, 1);
        if (c.Pass == Pass.Forward) return;
        if (c.OfRows) ofRows = Output("augmented gradient", c.Type, c.Rows, 1, c.Student, ByColumns(c.Rows, c.Student));
        if (c.OfNormals) ofNormals = Output("normal gradient", c.Type, c.Normals, 1, c.Student, WithGaps(c.Normals, c.Student));
    }

    /// <summary>The kernel of the normal embeddings' gradient reads the student's embeddings once more.</summary>
    public override long LeastBytes => base.LeastBytes + (ofNormals is null ? 0 : embeddings[0].Bytes + embeddings[1].Bytes);

    public override void Execute()
    {
        var settings = new CosineKlSettings(c.Temperature, c.Reduction) { TemperatureSquared = c.TemperatureSquared, Keep = keep?.View };
        (RowsView sa, RowsView sn, RowsView ta, RowsView tn) =
            (embeddings[0].View, embeddings[1].View, embeddings[2].View, embeddings[3].View);
        switch (c.Pass)
        {
            case Pass.Forward:
                CosineKl.Forward(sa, sn, ta, tn, settings, loss!.View, Queue);
                break;
            case Pass.ForwardWithGradient:
                CosineKl.ForwardWithGradient(sa, sn, ta, tn, settings, loss!.View, ofRows?.View, ofNormals?.View, Queue);
                break;
            default:
                CosineKl.Backward(sa, sn, ta, tn, settings, upstream!.View, ofRows?.View, ofNormals?.View, Queue);
                break;
        }
    }

    protected override void Compare(Verdict verdict)
    {
        CosineKlOracleResult truth = CosineKlOracle.Compute(
            values[0],
            values[1],
            c.Student,
            values[2],
            values[3],
            c.Teacher,
            c.Temperature,
            Oracle.Reduction(c.Reduction),
            c.TemperatureSquared,
            c.Masked ? Kept() : null,
            upstream is null ? null : upstreamValues);
        double[] losses = c.Reduction == KdReduction.None ? truth.RowLosses : [truth.Loss];
        double factor = c.TemperatureSquared || double.IsInfinity(c.Temperature) ? 1 : 1 / (c.Temperature * c.Temperature);
        for (int i = 0; loss is not null && i < losses.Length; i++)
        {
            // As on the CPU: a score is off by some units of 1e-7, and the divergence is quadratic in the scores' difference.
            int row = i;
            const double score = 4e-7;
            double root = Math.Sqrt(Math.Abs(losses[i]) * factor);
            double scale = (4 * root) + (20 * Math.Abs(losses[i])) + (4 * score * factor);
            verdict.Check(losses[i], loss.Read()[i], score * (1 + (1 / c.Temperature)), scale, () => $"loss {row}");
        }

        if (ofRows is not null) CheckGradient(verdict, truth.AugmentedGradient, ofRows.Read(), "augmented gradient");
        if (ofNormals is not null) CheckGradient(verdict, truth.NormalGradient, ofNormals.Read(), "normal gradient");
    }

    /// <summary>By the largest element of a row, with a share of the largest of all: rows that cancel have their terms' errors.</summary>
    private void CheckGradient(Verdict verdict, double[] expected, double[] actual, string what)
    {
        double all = Verdict.LargestFinite(expected);
        for (int i = 0; i < expected.Length; i++)
        {
            int start = i / c.Student * c.Student, at = i;
            double scale = Verdict.LargestFinite(expected.AsSpan(start, c.Student)) + (0.05 * all) + 1e-30;
            verdict.Check(expected[i], actual[i], 2e-5, scale, () => $"{what}, element {at}", c.Type);
        }
    }

    private bool[] Kept() => [.. Enumerable.Range(0, c.Rows).Select(row => row % 3 != 1)];

    private double Length(int row) => c.Oddity == CosineOddity.Large ? Math.Pow(10, row % 5) : 1;

    private void MakeOdd()
    {
        switch (c.Oddity)
        {
            case CosineOddity.Equal:
                values[2] = values[0];
                values[3] = values[1];
                break;
            case CosineOddity.NaN:
                values[0][2 * c.Student] = double.NaN;
                break;
            case CosineOddity.Zeros:
                Array.Clear(values[0], 0, c.Student);
                Array.Clear(values[1], 0, c.Student);
                break;
        }
    }

    private Placement? ByColumns(int rows, int length) => c.Strided ? new Placement((long)rows * length, 0, 1, 0, rows) : null;

    private Placement? WithGaps(int rows, int length) =>
        c.Strided ? new Placement((rows * (length + 3L)) + 1, 1, length + 3, 0, 1) : null;
}
