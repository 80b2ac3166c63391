namespace KdKernels.Core;

/// <summary>One checked call of TemperedKl or HintonLoss: operands, outputs and what is to be computed.</summary>
internal sealed unsafe class KlProblem
{
    public required RowsView Student { get; init; }
    public required RowsView Teacher { get; init; }
    public required double Temperature { get; init; }
    public required bool TemperatureSquared { get; init; }
    public required KdReduction Reduction { get; init; }
    public RowsView? ClassWeights { get; init; }
    public RowsView? Labels { get; init; }
    public long IgnoreIndex { get; init; }
    public bool WithCrossEntropy { get; init; }
    public required double KlWeight { get; init; }
    public double CrossEntropyWeight { get; init; }
    public RowsView? Loss { get; init; }
    public RowsView? RowMetrics { get; init; }
    public RowsView? Totals { get; init; }
    public RowsView? Upstream { get; init; }
    public RowsView? StudentGradient { get; init; }
    public RowsView? TeacherGradient { get; init; }

    public void Run()
    {
        long classes = Student.Length;
        long rows = Student.Rows;
        long valid = 0;
        for (long row = 0; row < rows; row++)
        {
            if (!IsValid(row)) continue;
            valid++;
            long label = WithCrossEntropy ? Label(row) : 0;
            if (label < 0 || label >= classes)
                throw new ArgumentException(
                    $"expected labels in [0, {classes}) or the ignored index {IgnoreIndex} but got {label} in row {row}", "labels");
        }

        double divisor = Reduction switch
        {
            KdReduction.Mean => (double)valid * classes,
            KdReduction.BatchMean => valid,
            _ => 1,
        };
        var sums = new double[HintonTotals.Count];
        double[] s = new double[classes], t = new double[classes], w = new double[classes];
        for (int c = 0; c < classes; c++) w[c] = ClassWeights is { } cw ? Read(cw, 0, c) : 1;
        for (long row = 0; row < rows; row++)
        {
            var m = new double[6];
            double lossOfRow = 0;
            double[] ds = new double[classes], dt = new double[classes];
            if (IsValid(row))
            {
                for (int c = 0; c < classes; c++)
                {
                    s[c] = Read(Student, row, c);
                    t[c] = Read(Teacher, row, c);
                }

                SlowRow(s, t, w, WithCrossEntropy ? Label(row) : 0, m, ds, dt);
                lossOfRow = (KlWeight == 0 ? 0 : KlWeight * m[1]) + (CrossEntropyWeight == 0 ? 0 : CrossEntropyWeight * m[0]);
                double upstream = Upstream is { } u ? Read(u, Reduction == KdReduction.None ? row : 0, 0) : 1;
                for (int c = 0; c < classes; c++)
                {
                    ds[c] *= upstream / divisor;
                    dt[c] *= upstream / divisor;
                }
            }

            sums[0] += lossOfRow;
            for (int i = 0; i < 6; i++) sums[i + 1] += m[i];
            if (Loss is { } loss && Reduction == KdReduction.None) Write(loss, row, 0, lossOfRow);
            for (int i = 0; i < 6; i++)
                if (RowMetrics is { } rm) Write(rm, row, i, m[i]);
            for (int c = 0; c < classes; c++)
            {
                if (StudentGradient is { } sg) Write(sg, row, c, ds[c]);
                if (TeacherGradient is { } tg) Write(tg, row, c, dt[c]);
            }
        }

        for (int i = 0; i < 3; i++) sums[i] /= divisor;
        for (int i = 3; i < 5; i++) sums[i] /= valid;
        sums[7] = valid;
        if (Loss is { } scalar && Reduction != KdReduction.None) Write(scalar, 0, 0, sums[0]);
        for (int i = 0; i < HintonTotals.Count; i++)
            if (Totals is { } totals) Write(totals, 0, i, sums[i]);
    }

    private void SlowRow(double[] s, double[] t, double[] w, long label, double[] m, double[] ds, double[] dt)
    {
        int classes = s.Length;
        double temperature = Temperature;
        bool limit = double.IsPositiveInfinity(temperature);
        double k = limit ? 0 : 1 / temperature;
        double ms = s.Max(), mt = t.Max();
        if (s.Concat(t).Any(double.IsNaN)) ms = mt = double.NaN;
        double zs = 0, zt = 0, z1 = 0;
        for (int c = 0; c < classes; c++)
        {
            zs += Math.Exp((s[c] - ms) * k);
            zt += Math.Exp((t[c] - mt) * k);
            z1 += Math.Exp(s[c] - ms);
        }

        double kl = 0, mass = 0, hs = 0, ht = 0;
        var v = new double[classes];
        var p = new double[classes];
        var q = new double[classes];
        double mean = 0;
        for (int c = 0; c < classes; c++)
        {
            if (limit && (double.IsNegativeInfinity(s[c]) || double.IsNegativeInfinity(t[c])))
                throw new ArgumentException("expected no -inf logits at temperature infinity but got some", "student");
            mean += (s[c] - t[c]) / classes;
            p[c] = Math.Exp((t[c] - mt) * k) / zt;
            q[c] = Math.Exp((s[c] - ms) * k) / zs;
            double lq = ((s[c] - ms) * k) - Math.Log(zs), lp = ((t[c] - mt) * k) - Math.Log(zt);
            v[c] = lp - lq;
            mass += w[c] * p[c];
            hs -= q[c] == 0 ? 0 : q[c] * lq;
            ht -= p[c] == 0 ? 0 : p[c] * lp;
            if (double.IsNegativeInfinity(t[c])) continue;
            kl += ClassWeights is null
                ? double.IsPositiveInfinity(v[c]) ? v[c] : p[c] * Gap(v[c])
                : w[c] * p[c] * v[c];
        }

        if (ClassWeights is null)
            for (int c = 0; c < classes; c++)
                if (double.IsNegativeInfinity(t[c])) kl += q[c];
        double klPower = TemperatureSquared ? temperature * temperature : 1, gradientPower = TemperatureSquared ? temperature : k;
        if (limit)
        {
            kl = 0;
            for (int c = 0; c < classes; c++) kl += Math.Pow(s[c] - t[c] - mean, 2) / (2 * classes);
            klPower = 1;
        }

        m[1] = kl * klPower;
        m[2] = hs;
        m[3] = ht;
        if (WithCrossEntropy)
        {
            m[0] = w[label] * (Math.Log(z1) + (ms - s[label]));
            m[4] = Array.IndexOf(s, ms) == label ? 1 : 0;
            int top = Array.IndexOf(s, ms);
            m[5] = top >= 0 && top == Array.IndexOf(t, mt) ? 1 : 0;
        }

        for (int c = 0; c < classes; c++)
        {
            double d = limit
                ? (s[c] - t[c] - mean) / classes
                : gradientPower * (double.IsNegativeInfinity(t[c]) ? q[c] * mass
                    : -v[c] > 1 || double.IsInfinity(v[c]) ? (q[c] * mass) - (w[c] * p[c])
                    : p[c] * ((mass * Expm1(-v[c])) + (mass - w[c])));
            ds[c] = KlWeight == 0 ? 0 : KlWeight * d;
            if (CrossEntropyWeight != 0)
                ds[c] += CrossEntropyWeight * w[label] * ((Math.Exp(s[c] - ms) / z1) - (c == label ? 1 : 0));
            dt[c] = limit ? -d
                : double.IsNegativeInfinity(t[c]) ? 0
                : gradientPower * p[c] * ((w[c] * (v[c] + 1)) - kl - mass);
        }
    }

    private static double Expm1(double x)
    {
        if (Math.Abs(x) > 1e-2) return Math.Exp(x) - 1;
        return x * (1 + (x / 2 * (1 + (x / 3 * (1 + (x / 4 * (1 + (x / 5 * (1 + (x / 6))))))))));
    }

    private static double Gap(double v)
    {
        if (Math.Abs(v) > 0.1) return Math.Exp(-v) - 1 + v;
        double sum = 0, term = v * v / 2;
        for (int i = 3; i < 14; i++)
        {
            sum += term;
            term *= -v / i;
        }

        return sum;
    }

    private bool IsValid(long row) => Labels is null || Label(row) != IgnoreIndex;

    private long Label(long row) => ((long*)Labels!.Value.Data)[Labels.Value.RowOffset(row)];

    private static double Read(RowsView view, long row, long element)
    {
        long offset = view.RowOffset(row) + (element * view.ElementStride);
        return view.ElementType == KdElementType.Float32 ? ((float*)view.Data)[offset] : ((double*)view.Data)[offset];
    }

    private static void Write(RowsView view, long row, long element, double value)
    {
        long offset = view.RowOffset(row) + (element * view.ElementStride);
        if (view.ElementType == KdElementType.Float32)
            ((float*)view.Data)[offset] = (float)value;
        else
            ((double*)view.Data)[offset] = value;
    }
}
