using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Cosine;

/// <summary>The divergence of one row of scores in shared memory, by a warp.</summary>
public static class CosineRow
{
    /// <summary>
    /// KL(softmax(t/τ) ‖ softmax(s/τ)) in nats, as log1p Σ p g(u) with u = Δ − E_p Δ, Δ = (t − s)/τ and g(u) = e^(−u) − 1 + u ≥ 0:
    /// nothing cancels. What stays in <paramref name="student"/> is q − p, by p (e^(−w) − 1) with w = u + KL.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Diverge(ArrayView<float> student, ArrayView<float> teacher, int columns, float inverseTemperature)
    {
        int lane = Group.IdxX & 31;
        float scale = inverseTemperature * Numbers.Log2E;
        float teacherMax = float.NegativeInfinity;
        float studentMax = float.NegativeInfinity;
        for (int j = lane; j < columns; j += 32)
        {
            teacherMax = IntrinsicMath.Max(teacherMax, teacher[j]);
            studentMax = IntrinsicMath.Max(studentMax, student[j]);
        }
        teacherMax = WarpReduce.Max(teacherMax, 16);
        studentMax = WarpReduce.Max(studentMax, 16);

        float mass = 0f;
        float studentMass = 0f;
        float first = 0f;
        for (int j = lane; j < columns; j += 32)
        {
            float a = teacher[j] - teacherMax;
            float b = student[j] - studentMax;
            float p = Ptx.Exp2(a * scale);
            mass += p;
            studentMass += Ptx.Exp2(b * scale);
            first += p * (a - b);
        }
        mass = WarpReduce.Sum(mass, 16);
        studentMass = WarpReduce.Sum(studentMass, 16);
        float inverse = 1f / mass;
        float mean = WarpReduce.Sum(first, 16) * inverse;

        float gaps = 0f;
        for (int j = lane; j < columns; j += 32)
        {
            float a = teacher[j] - teacherMax;
            float b = student[j] - studentMax;
            float u = ((a - b) - mean) * inverseTemperature;
            float p = Ptx.Exp2(a * scale);

            // p e^(−u) by one exponential: p alone may be 0 where the product is all that the student has.
            float far = (Ptx.Exp2((b + mean) * scale) - p) + (p * u);
            gaps += IntrinsicMath.Abs(u) < 0.1f ? p * Numbers.SmallGap(u) : far;
        }
        gaps = WarpReduce.Sum(gaps, 16) * inverse;
        float plain = (mean * inverseTemperature) + (Numbers.Log(studentMass) - Numbers.Log(mass));

        // Far apart, an exponential of the gaps may be infinite; there the plain form has all its digits.
        float kl = plain < 20f ? Log1p(gaps) : plain;
        float studentInverse = 1f / studentMass;
        for (int j = lane; j < columns; j += 32)
        {
            float a = teacher[j] - teacherMax;
            float b = student[j] - studentMax;
            float p = Ptx.Exp2(a * scale) * inverse;
            float w = (((a - b) - mean) * inverseTemperature) + kl;
            float far = (Ptx.Exp2(b * scale) * studentInverse) - p;
            student[j] = IntrinsicMath.Abs(w) < 0.1f ? p * Numbers.SmallExpm1OfMinus(w) : far;
        }
        return kl;
    }

    /// <summary>The limit τ = ∞: Σ(D − mean D)²/2B of D = s − t; what stays is its gradient (D − mean D)/B.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Limit(ArrayView<float> student, ArrayView<float> teacher, int columns)
    {
        int lane = Group.IdxX & 31;
        float sum = 0f;
        for (int j = lane; j < columns; j += 32) sum += student[j] - teacher[j];
        float inverse = 1f / columns;
        float mean = WarpReduce.Sum(sum, 16) * inverse;
        float squares = 0f;
        for (int j = lane; j < columns; j += 32)
        {
            float centred = (student[j] - teacher[j]) - mean;
            squares += centred * centred;
            student[j] = centred * inverse;
        }
        return 0.5f * inverse * WarpReduce.Sum(squares, 16);
    }

    /// <summary>log(1 + x) for x of 0 and more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Log1p(float x)
    {
        float y = x * Ptx.Reciprocal(2f + x);
        float square = y * y;
        float near = 2f * y * (1f + (square * ((1f / 3f) + (square * (0.2f + (square * ((1f / 7f) + (square * (1f / 9f)))))))));
        return x < 0.25f ? near : Numbers.Log(1f + x);
    }
}
