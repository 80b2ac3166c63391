namespace KdKernels.Core;

/// <summary>
/// The same row in double and without assumptions, for the few that the kernels cannot take: −inf logits, a student
/// whose logits exceed the teacher's by more than e^60 somewhere, a difference that cancels in single precision.
/// </summary>
internal static unsafe class KlCareful
{
    /// <summary>
    /// The row's value; p, q and y = log q − log p of every class go to the arrays of length
    /// <paramref name="classes"/>.
    /// </summary>
    public static KlValue Sum(
        double* s, double* t, double* weights, long classes, double inverseTemperature, double* p, double* q, double* y)
    {
        double maxS = Largest(s, classes, out _), maxT = Largest(t, classes, out long r);
        if (!double.IsFinite(maxS) || !double.IsFinite(maxT)) return Poison(classes, p, q, y);

        double sumS = 0, sumT = 0, studentLog = 0, teacherLog = 0;
        for (long c = 0; c < classes; c++)
        {
            double a = (t[c] - maxT) * inverseTemperature, b = (s[c] - maxS) * inverseTemperature;
            p[c] = Math.Exp(a);
            q[c] = Math.Exp(b);
            sumT += p[c];
            sumS += q[c];
            if (p[c] > 0) teacherLog += p[c] * a;
            if (q[c] > 0) studentLog += q[c] * b;
        }

        var value = new KlValue
        {
            Mass = 1,
            TeacherEntropy = Math.Log(sumT) - (teacherLog / sumT),
            StudentEntropy = Math.Log(sumS) - (studentLog / sumS),
        };
        value.WeightedEntropy = value.TeacherEntropy;
        double logSumT = Math.Log(sumT), logNorm = logSumT - Math.Log(sumS);
        // The origin's student logit may itself be far below the student's largest: then KL is large and the plain
        // form, each side from its own maximum, has nothing to lose.
        double lead = (maxS - s[r]) * inverseTemperature;
        if (lead <= 600)
            value.Kl = FromOrigin(s, t, classes, r, inverseTemperature, lead, logNorm, p, q, sumT, y);
        else
            value.Kl = FromMaxima(s, t, maxS, maxT, classes, inverseTemperature, logNorm, p, sumT, y);

        value.Sum = value.Kl;
        for (long c = 0; c < classes; c++)
        {
            p[c] /= sumT;
            q[c] /= sumS;
        }

        if (weights is not null)
        {
            value.Mass = value.Sum = value.WeightedEntropy = 0;
            for (long c = 0; c < classes; c++)
            {
                value.Mass += weights[c] * p[c];
                double logP = ((t[c] - maxT) * inverseTemperature) - logSumT;
                if (p[c] > 0) value.WeightedEntropy -= weights[c] * p[c] * logP;
                if (!double.IsNegativeInfinity(t[c]) && weights[c] != 0) value.Sum -= weights[c] * p[c] * y[c];
            }
        }

        return value;
    }

    /// <summary>Gradients with everything that multiplies them in <paramref name="scale"/>.</summary>
    public static void Gradients(
        double* t,
        double* weights,
        long classes,
        in KlValue value,
        double scale,
        double* p,
        double* q,
        double* y,
        double* studentGradient,
        double* teacherGradient)
    {
        for (long c = 0; c < classes; c++)
        {
            double w = weights is null ? 1 : weights[c];
            bool excluded = double.IsNegativeInfinity(t[c]);
            if (studentGradient is not null)
            {
                double g = excluded ? q[c] * value.Mass
                    : y[c] < 1 && !double.IsNegativeInfinity(y[c])
                        ? p[c] * ((value.Mass * ScalarMath.Expm1(y[c])) + (value.Mass - w))
                    : (q[c] * value.Mass) - (w * p[c]);
                studentGradient[c] = scale * g;
            }

            if (teacherGradient is not null)
                teacherGradient[c] = excluded && p[c] == 0 ? 0 : scale * p[c] * (
                    (w * (1 - y[c])) - value.Sum - value.Mass);
        }
    }

    private static double FromOrigin(
        double* s,
        double* t,
        long classes,
        long r,
        double inverseTemperature,
        double lead,
        double logNorm,
        double* p,
        double* q,
        double sumT,
        double* y)
    {
        double fromLargest = Math.Exp(lead);
        (double d, double e) = ScalarMath.Difference(t[r], s[r]);
        double first = 0, gap = 0;
        bool infinite = false;
        for (long c = 0; c < classes; c++)
        {
            if (double.IsNegativeInfinity(t[c]))
            {
                y[c] = double.PositiveInfinity;
                gap += q[c] * fromLargest;
                continue;
            }

            if (double.IsNegativeInfinity(s[c]))
            {
                infinite = true;
                y[c] = double.NegativeInfinity;
                continue;
            }

            (double dc, double ec) = ScalarMath.Difference(t[c], s[c]);
            double x = ((d - dc) + (e - ec)) * inverseTemperature;
            y[c] = x;
            if (p[c] > 0) first += p[c] * x;
            gap += x < 1 ? p[c] * ScalarMath.Gap(-x) : (q[c] * fromLargest) - (p[c] == 0 ? 0 : p[c] * (1 + x));
        }

        var state = new KlState { Mass = sumT, First = first, Gap = gap };
        KlValue value = state.Finish(weighted: false);
        // Without the excluded classes the sums know nothing of q's norm; the origin's own ratio does.
        double shift = infinite ? logNorm - lead : value.Shift;
        for (long c = 0; c < classes; c++) y[c] += shift;
        return infinite ? double.PositiveInfinity : value.Kl;
    }

    private static double FromMaxima(
        double* s,
        double* t,
        double maxS,
        double maxT,
        long classes,
        double inverseTemperature,
        double logNorm,
        double* p,
        double sumT,
        double* y)
    {
        double sum = 0;
        for (long c = 0; c < classes; c++)
        {
            if (double.IsNegativeInfinity(t[c]))
            {
                y[c] = double.PositiveInfinity;
                continue;
            }

            y[c] = ((s[c] - maxS) * inverseTemperature) - ((t[c] - maxT) * inverseTemperature) + logNorm;
            // A class that only the student excludes costs infinitely much, even where p underflowed to 0.
            if (double.IsNegativeInfinity(y[c]))
                sum = double.PositiveInfinity;
            else if (p[c] > 0)
                sum -= p[c] * y[c];
        }

        return sum / sumT;
    }

    private static KlValue Poison(long classes, double* p, double* q, double* y)
    {
        for (long c = 0; c < classes; c++) p[c] = q[c] = y[c] = double.NaN;
        return new KlValue
        {
            Kl = double.NaN,
            Sum = double.NaN,
            Mass = double.NaN,
            TeacherEntropy = double.NaN,
            StudentEntropy = double.NaN,
            WeightedEntropy = double.NaN,
        };
    }

    /// <summary>The largest element and its first index; NaN when any element is.</summary>
    private static double Largest(double* values, long count, out long index)
    {
        double largest = double.NegativeInfinity;
        index = 0;
        for (long i = 0; i < count; i++)
        {
            if (double.IsNaN(values[i])) return double.NaN;
            if (values[i] <= largest) continue;
            largest = values[i];
            index = i;
        }

        return largest;
    }
}
