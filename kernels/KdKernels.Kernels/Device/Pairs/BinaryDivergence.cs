using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Pairs;

/// <summary>
/// KL(Bernoulli(P) ‖ Bernoulli(Q)) from log-odds, P the teacher's and Q the student's probability, without cancellation; once a row.
/// </summary>
public struct BinaryDivergence
{
    // Where one outcome is this much likelier on one side than on the other, nothing cancels any more.
    private const float FarApart = 30f;

    public float Value;

    /// <summary>Q − P: the derivative by the student's log-odds.</summary>
    public float StudentSlope;

    /// <summary>P(1 − P)·apart: the derivative by the teacher's.</summary>
    public float TeacherSlope;

    /// <summary>P + Q: a number unless a side has no probabilities at all.</summary>
    public float Mass;

    /// <summary>From both log-odds and how far the teacher's are above the student's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static BinaryDivergence Of(float teacher, float student, float apart)
    {
        BinaryDivergence result;
        float p = Sigmoid(teacher);
        float rest = Sigmoid(-teacher);
        float q = Sigmoid(student);
        float studentRest = Sigmoid(-student);
        float variance = p * rest;
        result.Mass = p + q;
        result.TeacherSlope = variance == 0f ? 0f : variance * apart;

        // KL = log E[e^(−Δ)] + E[Δ] under P with Δ = (apart, 0), measured from its mean.
        float ofLabel = rest * apart;
        float ofRest = -p * apart;
        float value = PairMath.Log1p((p * Gap(ofLabel)) + (rest * Gap(ofRest)));
        float change = teacher > 0f ? -rest * Expm1OfMinus(ofRest + value) : p * Expm1OfMinus(ofLabel + value);

        bool isFar = !(IntrinsicMath.Abs(apart) < FarApart);
        float target = p == 0f ? 0f : p * (Softplus(-student) - Softplus(-teacher));
        float others = rest == 0f ? 0f : rest * (Softplus(student) - Softplus(teacher));
        result.Value = isFar ? target + others : value;
        result.StudentSlope = isFar ? (teacher > 0f ? rest - studentRest : q - p) : change;
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Sigmoid(float x)
    {
        float e = Ptx.Exp2(-IntrinsicMath.Abs(x) * Numbers.Log2E);
        return (x >= 0f ? 1f : e) * Ptx.Reciprocal(1f + e);
    }

    /// <summary>log(1 + e^x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Softplus(float x) =>
        IntrinsicMath.Max(x, 0f) + PairMath.Log1p(Ptx.Exp2(-IntrinsicMath.Abs(x) * Numbers.Log2E));

    /// <summary>e^(−x) − 1 + x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Gap(float x) =>
        IntrinsicMath.Abs(x) < PairClass.SeriesReach ? Numbers.SmallGap(x) : Ptx.Exp2(-x * Numbers.Log2E) - 1f + x;

    /// <summary>e^(−x) − 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Expm1OfMinus(float x) =>
        IntrinsicMath.Abs(x) < PairClass.SeriesReach ? Numbers.SmallExpm1OfMinus(x) : Ptx.Exp2(-x * Numbers.Log2E) - 1f;
}
