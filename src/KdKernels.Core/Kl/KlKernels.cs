using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace KdKernels.Core;

/// <summary>
/// A walk over a pair of tensors: step k reads a vector at <c>k * stride</c>. The steps from <see cref="FullSteps"/> on
/// have only <see cref="Lanes"/> elements in memory.
/// </summary>
internal unsafe struct Walk<TElement>
    where TElement : unmanaged
{
    public TElement* Student;
    public TElement* Teacher;
    public long StudentStride;
    public long TeacherStride;
    public TElement* Weights;

    /// <summary>How many elements ahead of the sums' walk the next one begins, to fetch it early; 0: not worth it.</summary>
    public long Ahead;
    public int Steps;
    public int FullSteps;
    public int Lanes;
}

/// <summary>
/// Where a row's sums are measured from: a teacher's logit, and a difference t − s as a value and its error. Any
/// difference will do; the closer it is to the mean of t − s under p, the less cancels.
/// </summary>
internal struct Origin<TVector>
{
    public TVector Teacher;
    public TVector Difference;
    public TVector DifferenceError;
}

/// <summary>Where a walk keeps what its gradient is made from, one vector per step.</summary>
internal unsafe struct Kept<TElement>
    where TElement : unmanaged
{
    /// <summary>p̃.</summary>
    public TElement* Mass;

    /// <summary>e^x − 1, to full relative accuracy.</summary>
    public TElement* Growth;

    /// <summary>x; null where nobody asks for it.</summary>
    public TElement* X;

    /// <summary>e^x; null where nobody asks for it.</summary>
    public TElement* Ratio;

    /// <summary>The same from another element on.</summary>
    public readonly Kept<TElement> From(long element) => new()
    {
        Mass = Mass + element,
        Growth = Growth + element,
        X = X is null ? null : X + element,
        Ratio = Ratio is null ? null : Ratio + element,
    };
}

/// <summary>What an origin is chosen from.</summary>
internal struct OriginSearch<TVector>
{
    public TVector Largest;
    public TVector There;
    public TVector Sum;
    public TVector SumDifference;
}

/// <summary>Sums over classes, per lane.</summary>
internal struct KlSums<TVector>
{
    public TVector Mass;
    public TVector First;
    public TVector Gap;
    public TVector Largest;
    public TVector WeightedMass;
    public TVector WeightedFirst;
    public TVector TeacherLog;
    public TVector WeightedTeacherLog;
    public TVector StudentLog;
}

internal static unsafe class KlKernels<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Accumulate<TMode>(
        in Walk<TElement> walk,
        in Origin<TVector> origin,
        double inverseTemperature,
        in Kept<TElement> kept,
        out KlSums<TVector> sums)
        where TMode : struct, IKlMode
    {
        TVector scale = TVector.Broadcast(inverseTemperature);
        TVector scale2 = TVector.Broadcast(inverseTemperature * 1.4426950408889634);
        TVector zero = TVector.Broadcast(0), one = TVector.Broadcast(1);
        TVector originT = origin.Teacher, originD = origin.Difference, originE = origin.DifferenceError;
        TVector mass = zero, first = zero, gap = zero, largest = zero;
        TVector weightedMass = zero, weightedFirst = zero, teacherLog = zero, studentLog = zero;
        TVector weightedTeacherLog = zero;
        // Lanes without an element: far below the origin on both sides, so that p̃ is exactly 0 and x stays finite.
        TVector fillT = originT, fillS = originT - originD;
        if (walk.FullSteps < walk.Steps)
        {
            // At least as far as the origin is from 0: beside logits of 1e12 a step of 1000 T would round to none.
            TVector far = TVector.Broadcast(1000 / inverseTemperature) + TVector.Max(originT, zero - originT);
            fillT -= far;
            fillS -= far;
        }

        TElement* s = walk.Student;
        TElement* t = walk.Teacher;
        bool fetches = Sse.IsSupported && TVector.Width >= 8 && walk.Ahead > 0;
        for (int k = 0; k < walk.Steps; k++)
        {
            if (fetches)
            {
                // This walk computes and the next one's search for its origin only reads; without this they take turns.
                Sse.Prefetch1(s + walk.Ahead);
                Sse.Prefetch1(t + walk.Ahead);
            }

            TVector student, teacher;
            if (k < walk.FullSteps)
            {
                student = TVector.Load(s);
                teacher = TVector.Load(t);
            }
            else
            {
                student = TVector.LoadPartial(s, walk.Lanes, fillS);
                teacher = TVector.LoadPartial(t, walk.Lanes, fillT);
            }

            s += walk.StudentStride;
            t += walk.TeacherStride;

            // t − s without error (Knuth): one rounding would be 3e-5 for logits shifted by 1000, and t − t_r before
            // the subtraction of s would lose a difference of 1e-3.
            TVector d = teacher - student;
            TVector x = originD - d;
            if (TMode.Exact)
            {
                TVector back = teacher - d;
                TVector e = (teacher - (d + back)) + (back - student);
                x += originE - e;
            }

            x *= scale;

            TVector a = (teacher - originT) * scale2;
            TVector p = VectorMath<TVector, TElement>.Exp2Finite(a);
            TVector h = VectorMath<TVector, TElement>.ExpParts(x, out TVector r, out TVector n);
            TVector small = r + h;
            TVector ratio = TVector.Scale(small + one, n);
            TVector grown = ratio - one;
            TVector g = TVector.SelectEqual(n, zero, h, grown - x);

            mass += p;
            first = TVector.Fma(p, x, first);
            gap = TVector.Fma(p, g, gap);
            largest = TVector.Max(largest, x);
            if (TMode.Keep)
            {
                TVector.Store(kept.Mass + ((long)k * TVector.Width), p);
                TVector.Store(kept.Growth + ((long)k * TVector.Width), TVector.SelectEqual(n, zero, small, grown));
                if (kept.X is not null) TVector.Store(kept.X + ((long)k * TVector.Width), x);
                if (kept.Ratio is not null) TVector.Store(kept.Ratio + ((long)k * TVector.Width), ratio);
            }

            if (TMode.Entropies)
            {
                TVector b = TVector.Fma(a, TVector.Broadcast(0.6931471805599453), x);
                teacherLog = TVector.Fma(p, a, teacherLog);
                studentLog = TVector.Fma(p * ratio, b, studentLog);
            }

            if (TMode.Weighted)
            {
                TVector w = TVector.Load(walk.Weights + ((long)k * TVector.Width)) * p;
                weightedMass += w;
                weightedFirst = TVector.Fma(w, x, weightedFirst);
                if (TMode.Entropies) weightedTeacherLog = TVector.Fma(w, a, weightedTeacherLog);
            }
        }

        sums.Mass = mass;
        sums.First = first;
        sums.Gap = gap;
        sums.Largest = largest;
        sums.WeightedMass = weightedMass;
        sums.WeightedFirst = weightedFirst;
        sums.TeacherLog = teacherLog;
        sums.WeightedTeacherLog = weightedTeacherLog;
        sums.StudentLog = studentLog;
    }

    /// <summary>
    /// Per lane: the teacher's largest logit, t − s of that class, and the sums of t and of t − s. Reads two vectors
    /// per step.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static OriginSearch<TVector> FindOrigin(in Walk<TElement> walk)
    {
        TVector none = TVector.Broadcast(double.NegativeInfinity), zero = TVector.Broadcast(0);
        TVector largest = none, there = zero, sum = zero, sumDifference = zero;
        TElement* s = walk.Student;
        TElement* t = walk.Teacher;
        for (int k = 0; k < walk.Steps; k++)
        {
            TVector teacher, comparable, difference;
            if (k < walk.FullSteps)
            {
                comparable = teacher = TVector.Load(t);
                difference = teacher - TVector.Load(s);
            }
            else
            {
                teacher = TVector.LoadPartial(t, walk.Lanes, zero);
                comparable = TVector.LoadPartial(t, walk.Lanes, none);
                difference = teacher - TVector.LoadPartial(s, walk.Lanes, zero);
            }

            s += walk.StudentStride;
            t += walk.TeacherStride;
            there = TVector.SelectGreater(comparable, largest, difference, there);
            largest = TVector.Max(comparable, largest);
            sum += teacher;
            sumDifference += difference;
        }

        return new OriginSearch<TVector> { Largest = largest, There = there, Sum = sum, SumDifference = sumDifference };
    }
}
