using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Kl;

/// <summary>From the sums of threads to those of a row, and from those to its values.</summary>
public static class KlReduce
{
    /// <summary>Adds the sums of a group whose threads all measured from the same M and M'.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add<TGroup, TMetrics>(ref TGroup group, ref KlSums sums)
        where TGroup : struct, IGroup
        where TMetrics : struct, IFlag
    {
        group.Sum(ref sums.TeacherMass, ref sums.StudentMass, ref sums.Difference, 1);
        if (!default(TMetrics).Value) return;
        group.Sum(ref sums.PlainMass, ref sums.TeacherLog, ref sums.StudentLog, 2);
        group.Min(ref sums.TeacherIndex, ref sums.StudentIndex, 3);
    }

    /// <summary>Measures sums from other, larger logits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MoveTo<TMetrics>(ref KlSums sums, float teacherMax, float studentMax, float scale)
        where TMetrics : struct, IFlag
    {
        float a = sums.TeacherMax - teacherMax;
        float b = sums.StudentMax - studentMax;
        float p = Ptx.Exp2(a * scale);
        float q = Ptx.Exp2(b * scale);
        sums.Difference = p * (sums.Difference + ((a - b) * sums.TeacherMass));
        if (default(TMetrics).Value)
        {
            sums.TeacherLog = p * (sums.TeacherLog + (a * sums.TeacherMass));
            sums.StudentLog = q * (sums.StudentLog + (b * sums.StudentMass));
            sums.PlainMass *= Ptx.Exp2(b * Numbers.Log2E);
        }
        sums.TeacherMass *= p;
        sums.StudentMass *= q;
        sums.TeacherMax = teacherMax;
        sums.StudentMax = studentMax;
    }

    /// <summary>The divergence in nats from the sums alone.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Divergence(KlSums sums, KlNormal normal) =>
        Numbers.Ln2
        * ((sums.Difference * Ptx.Reciprocal(sums.TeacherMass) * normal.Scale) + (normal.StudentLogMass - normal.TeacherLogMass));

    /// <summary>Entropies, hits, and the cross-entropy of a label's logit; all 0 without metrics.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static KlResult Metrics<TMetrics>(KlSums sums, KlNormal normal, float labelLogit, int label)
        where TMetrics : struct, IFlag
    {
        KlResult result = default;
        if (!default(TMetrics).Value) return result;
        result.CrossEntropy = Numbers.Log(sums.PlainMass) + (sums.StudentMax - labelLogit);
        float slope = Numbers.Ln2 * normal.Scale;
        result.TeacherEntropy = Numbers.Log(sums.TeacherMass) - (slope * sums.TeacherLog * Ptx.Reciprocal(sums.TeacherMass));
        result.StudentEntropy = Numbers.Log(sums.StudentMass) - (slope * sums.StudentLog * Ptx.Reciprocal(sums.StudentMass));
        result.Hit = sums.StudentIndex == label ? 1f : 0f;
        result.Agreement = sums.StudentIndex == sums.TeacherIndex ? 1f : 0f;
        return result;
    }
}
