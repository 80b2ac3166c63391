using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>
/// A class of the total variation: <c>f = ½|q/p − 1|</c>, whose slopes are ½·sign(q − p) and its negative, 0 at a tie.
/// </summary>
internal readonly struct VariationTerm<TVector, TElement> : IRatioTerm<TVector>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    public static bool NeedsLog => false;

    public static bool HasSigns => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Value<TNear>(
        TVector ratio,
        TVector growth,
        TVector log,
        in RatioConstants<TVector> constants,
        out TVector student,
        out TVector teacher)
        where TNear : struct, IFlag
    {
        TVector zero = TVector.Broadcast(0), half = TVector.Broadcast(0.5), one = TVector.Broadcast(1);
        student = TVector.SelectGreater(growth, zero, one, TVector.SelectEqual(growth, zero, half, zero));
        teacher = one - student;
        return TVector.Max(growth, zero - growth) * half;
    }

    public static RatioValue Careful(double p, double q, double log, double weight)
    {
        // NaN logits give NaN, not a tie.
        double difference = log is > -1 and < 1 ? p * ScalarMath.Expm1(log) : q - p;
        double student = difference > 0 ? 1 : difference < 0 ? 0 : difference + 0.5;
        return new RatioValue(0.5 * Math.Abs(difference), student, 1 - student);
    }
}
