namespace KdKernels.Core;

/// <summary>
/// The sums of one row in double, measured from the origin r (the teacher's largest logit so far). With
/// p̃ = e^((t − t_r)/T), Δ = (t − s)/T and x = Δ_r − Δ: S = Σp̃, X = Σp̃x, G = Σp̃(e^x − 1 − x). Mergeable and free of
/// cancellation: G is a sum of non-negative terms, unlike Σp(log p − log q).
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
    public double StudentLog;

    /// <summary>No class seen yet: the origin is below everything.</summary>
    public static KlState Empty => new() { Teacher = double.NegativeInfinity };

    public readonly bool HasOrigin => !double.IsNegativeInfinity(Teacher);

    /// <summary>Measures the sums from another class: one teacher logit and one difference t − s as value and error.</summary>
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
            StudentLog += TVector.Sum(sums.StudentLog);
        }
    }

    /// <summary>What the row amounts to.</summary>
    public readonly KlValue Finish(bool weighted)
    {
        double mean = -First / Mass;
        double gap = Gap / Mass;
        double y = gap - mean;
        // KL = mean + log(1 + y); for small y, where mean and y nearly cancel, by what is left of them.
        double kl = Math.Abs(y) < 0.1 ? gap - ScalarMath.LogGap(y) : mean + Math.Log(1 + y);
        double shift = mean - kl;
        double studentMass = Mass + First + Gap;
        var value = new KlValue
        {
            Kl = kl,
            Sum = kl,
            Shift = shift,
            Mean = mean,
            Mass = 1,
            Gap = gap,
            TeacherEntropy = Math.Log(Mass) - (TeacherLog / Mass),
            StudentEntropy = Math.Log(studentMass) - (StudentLog / studentMass),
        };
        if (weighted)
        {
            value.Mass = WeightedMass / Mass;
            value.Sum = -(WeightedFirst + (shift * WeightedMass)) / Mass;
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

    /// <summary>A row at T = ∞, where both distributions are uniform.</summary>
    public static KlValue Limit(double value, long classes)
    {
        double entropy = double.IsNaN(value) ? double.NaN : Math.Log(classes);
        return new KlValue { Kl = value, Sum = value, Mass = 1, TeacherEntropy = entropy, StudentEntropy = entropy };
    }
}
