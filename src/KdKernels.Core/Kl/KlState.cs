namespace KdKernels.Core;

/// <summary>
/// The sums of one row in double, measured from an origin: t_r, the teacher's largest logit so far, and Δ_r, a guess of
/// the mean of Δ = (t − s)/T under p. With p̃ = e^((t − t_r)/T) and x = Δ_r − Δ: S = Σp̃, X = Σp̃x, G = Σp̃(e^x − 1 −
/// x). Mergeable and free of cancellation: G is a sum of non-negative terms, unlike Σp(log p − log q).
/// </summary>
internal struct KlState
{
    public double Teacher;
    public double Difference;
    public double DifferenceError;
    public double Mass;
    public double First;
    public double Gap;
    public double WeightedMass;
    public double WeightedFirst;
    public double TeacherLog;
    public double WeightedTeacherLog;
    public double StudentLog;

    /// <summary>No class seen yet: the origin is below everything.</summary>
    public static KlState Empty => new() { Teacher = double.NegativeInfinity };

    public readonly bool HasOrigin => !double.IsNegativeInfinity(Teacher);

    /// <summary>
    /// Measures the sums from another class: one teacher logit and one difference t − s as value and error.
    /// </summary>
    public void MoveTo(double teacher, double difference, double differenceError, double inverseTemperature)
    {
        if (HasOrigin)
        {
            double logC = (Teacher - teacher) * inverseTemperature;
            double c = Math.Exp(logC);
            double e = ((Difference - difference) + (DifferenceError - differenceError)) * inverseTemperature;
            double studentMass = Mass + First + Gap;
            double logStudent = logC - e;
            StudentLog = Math.Exp(logStudent) * (StudentLog + (logStudent * studentMass));
            TeacherLog = c * (TeacherLog + (logC * Mass));
            WeightedTeacherLog = c * (WeightedTeacherLog + (logC * WeightedMass));
            Gap = c * ((Math.Exp(-e) * Gap) + (ScalarMath.Gap(e) * Mass) + (ScalarMath.Expm1(-e) * First));
            First = c * (First - (e * Mass));
            Mass *= c;
            WeightedFirst = c * (WeightedFirst - (e * WeightedMass));
            WeightedMass *= c;
        }

        Teacher = teacher;
        Difference = difference;
        DifferenceError = differenceError;
    }

    /// <summary>
    /// A guess of the mean of t − s under p from a row's (or its first block's) plain means and its largest logit: the
    /// plain mean where p is flat, the difference at the largest logit where that class dominates.
    /// </summary>
    public static double GuessDifference(
        double largest, double there, double sum, double sumDifference, long count, double inverseTemperature)
    {
        double above = Math.Min((largest - (sum / count)) * inverseTemperature, 80);
        double dominance = RoughExp(above);
        return there + ((sumDifference - (count * there)) / (dominance + count));
    }

    /// <summary>The origin in every lane.</summary>
    public readonly Origin<TVector> Origin<TVector, TElement>()
        where TVector : unmanaged, IVector<TVector, TElement>
        where TElement : unmanaged
    {
        return new Origin<TVector>
        {
            Teacher = TVector.Broadcast(Teacher),
            Difference = TVector.Broadcast(Difference),
            DifferenceError = TVector.Broadcast(DifferenceError),
        };
    }

    /// <summary>Adds sums that were measured from the same origin.</summary>
    public void Add<TVector, TElement>(in KlSums<TVector> sums, bool weighted, bool entropies)
        where TVector : unmanaged, IVector<TVector, TElement>
        where TElement : unmanaged
    {
        Mass += TVector.Sum(sums.Mass);
        First += TVector.Sum(sums.First);
        Gap += TVector.Sum(sums.Gap);
        if (weighted)
        {
            WeightedMass += TVector.Sum(sums.WeightedMass);
            WeightedFirst += TVector.Sum(sums.WeightedFirst);
        }

        if (entropies)
        {
            TeacherLog += 0.6931471805599453 * TVector.Sum(sums.TeacherLog);
            WeightedTeacherLog += 0.6931471805599453 * TVector.Sum(sums.WeightedTeacherLog);
            StudentLog += TVector.Sum(sums.StudentLog);
        }
    }

    /// <summary>e^x to 6 %: the bits of a double are nearly its logarithm. A guess needs no more.</summary>
    private static double RoughExp(double x) =>
        BitConverter.Int64BitsToDouble((long)(((x * 1.4426950408889634) + 1023) * (1L << 52)));

    /// <summary>What the row amounts to.</summary>
    public readonly KlValue Finish(bool weighted, bool entropies = false)
    {
        double inverse = 1 / Mass;
        double mean = -First * inverse;
        double gap = Gap * inverse;
        double y = gap - mean;
        // KL = mean + log(1 + y); for small y, where mean and y nearly cancel, by what is left of them.
        double kl = Math.Abs(y) < 0.1 ? gap - ScalarMath.LogGap(y) : mean + Math.Log(1 + y);
        var value = new KlValue { Kl = kl, Sum = kl, Shift = mean - kl, Mean = mean, Mass = 1, Gap = gap };
        if (entropies)
        {
            double studentMass = Mass + First + Gap;
            value.TeacherEntropy = Math.Log(Mass) - (TeacherLog / Mass);
            value.WeightedEntropy = weighted
                ? ((Math.Log(Mass) * WeightedMass) - WeightedTeacherLog) / Mass
                : value.TeacherEntropy;
            value.StudentEntropy = Math.Log(studentMass) - (StudentLog / studentMass);
        }

        if (weighted)
        {
            value.Mass = WeightedMass / Mass;
            value.Sum = -(WeightedFirst + (value.Shift * WeightedMass)) / Mass;
        }

        return value;
    }
}

/// <summary>A finished row, T² not applied.</summary>
internal struct KlValue
{
    /// <summary>KL(p ‖ q).</summary>
    public double Kl;

    /// <summary>Σ w p (log p − log q): the loss; KL where there are no weights.</summary>
    public double Sum;

    /// <summary>log q − log p = x + Shift for every class.</summary>
    public double Shift;

    /// <summary>E_p[Δ_r − Δ] with the sign turned: log p − log q − KL = −(x + Mean).</summary>
    public double Mean;

    /// <summary>Σ w p.</summary>
    public double Mass;

    /// <summary>G/S: far above KL it tells that KL was left over from a cancellation.</summary>
    public double Gap;

    public double TeacherEntropy;
    public double StudentEntropy;

    /// <summary>−Σ w p log p; the teacher's entropy where there are no weights.</summary>
    public double WeightedEntropy;

    /// <summary>A row at T = ∞, where both distributions are uniform.</summary>
    public static KlValue Limit(double value, long classes)
    {
        double entropy = double.IsNaN(value) ? double.NaN : Math.Log(classes);
        return new KlValue { Kl = value, Sum = value, Mass = 1, TeacherEntropy = entropy, StudentEntropy = entropy };
    }
}
