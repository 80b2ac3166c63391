using System.Runtime.CompilerServices;

namespace KdKernels.Kernels.Device.Kl;

/// <summary>
/// A row whose classes lie far apart, as in [N, C, H, W]: one thread walks it while its neighbours walk the rows beside it, so
/// that every load of a warp is one piece of memory and nothing has to be permuted first.
/// </summary>
public static class KlPixels
{
    /// <summary>Values and gradient of a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static KlResult Row<T, TElement, TMetrics>(in KlArguments<T> a, long row, KlFactors factors)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TMetrics : struct, IFlag
    {
        ThreadGroup group = default;
        TElement element = default;
        element.BeginPhase(0, 0);
        var memory = KlRowMemory<T>.Of(a, row);
        KlOnline<TMetrics> online = default;
        online.Reset(a.Scale);
        // Taken on the way: loaded by itself, a warp would touch a piece of memory for each of its lanes.
        float labelLogit = 0f;
        int c = 0;
        // Four classes at a time: eight loads under way.
        for (; c + 3 < a.Classes; c += 4)
        {
            float t0 = memory.LoadTeacher(element, c);
            float t1 = memory.LoadTeacher(element, c + 1);
            float t2 = memory.LoadTeacher(element, c + 2);
            float t3 = memory.LoadTeacher(element, c + 3);
            float s0 = memory.LoadStudent(element, c);
            float s1 = memory.LoadStudent(element, c + 1);
            float s2 = memory.LoadStudent(element, c + 2);
            float s3 = memory.LoadStudent(element, c + 3);
            var max = online.Begin;
            max.Visit(t0, s0, 0);
            max.Visit(t1, s1, 1);
            max.Visit(t2, s2, 2);
            max.Visit(t3, s3, 3);
            online.Raise(max);
            online.First = c;
            online.Visit(t0, s0, 0);
            online.Visit(t1, s1, 1);
            online.Visit(t2, s2, 2);
            online.Visit(t3, s3, 3);
            if (!default(TMetrics).Value) continue;
            labelLogit = factors.Label == c ? s0 : labelLogit;
            labelLogit = factors.Label == c + 1 ? s1 : labelLogit;
            labelLogit = factors.Label == c + 2 ? s2 : labelLogit;
            labelLogit = factors.Label == c + 3 ? s3 : labelLogit;
        }
        for (; c < a.Classes; c++)
        {
            float s = memory.LoadStudent(element, c);
            KlStream.Accumulate(memory.LoadTeacher(element, c), s, c, ref online);
            labelLogit = factors.Label == c ? s : labelLogit;
        }

        var sums = online.Combine(ref group);
        var normal = KlNormal.Of(sums, a.Scale);
        float divergence = KlReduce.Divergence(sums, normal);
        var result = KlReduce.Metrics<TMetrics>(sums, normal, labelLogit, factors.Label);
        result.Kl = divergence;
        bool wantsGradient = a.StudentGradient.Length > 0;
        if (divergence < element.SmallDivergence)
        {
            KlCarefulVisitor again = default;
            again.Normal = normal;
            again.Normal.Centre(sums);
            again.Exact = element.Exact;
            for (c = 0; c < a.Classes; c++) again.Visit(memory.LoadTeacher(element, c), memory.LoadStudent(element, c), 0);
            result.Kl = again.Finish();
            bool stores = wantsGradient & Numbers.IsFinite(result.Kl);

            KlCarefulMap<TMetrics> careful = default;
            careful.Normal = again.Normal;
            careful.Factors = factors;
            careful.Exact = element.Exact;
            for (c = stores ? 0 : a.Classes; c < a.Classes; c++)
            {
                careful.Begin(c);
                memory.StoreStudent(element, c, careful.Map(memory.LoadTeacher(element, c), memory.LoadStudent(element, c), 0));
            }
        }
        else if (wantsGradient & Numbers.IsFinite(divergence))
        {
            KlGradientMap<TMetrics> plain = default;
            plain.Normal = normal;
            plain.Factors = factors;
            for (c = 0; c < a.Classes; c++)
            {
                plain.Begin(c);
                memory.StoreStudent(element, c, plain.Map(memory.LoadTeacher(element, c), memory.LoadStudent(element, c), 0));
            }
        }

        // Excluded classes, or one of which the teacher has nothing that float32 shows.
        if (!Numbers.IsFinite(result.Kl))
            return KlGeneral.Row<T, TElement, ThreadGroup, TMetrics, Off>(a, ref group, element, memory, factors);
        return result;
    }
}
