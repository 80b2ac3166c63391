using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Entropy;

/// <summary>The entropy of one row, and its gradient where one is wanted.</summary>
public interface IEntropyBody<T, TGroup>
    where T : unmanaged
    where TGroup : struct, IGroup
{
    float Row(in EntropyArguments<T> a, ref TGroup group, long row, float factor);
}

/// <summary>A row that stays in registers.</summary>
public readonly struct EntropyResidentBody<T, TElement, TGroup, TSlots> : IEntropyBody<T, TGroup>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TGroup : struct, IGroup
    where TSlots : unmanaged, ISlots<U4>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Row(in EntropyArguments<T> a, ref TGroup group, long row, float factor)
    {
        TElement element = default;
        element.BeginPhase(a.Zero, 1);
        var logits = a.Logits.SubView(row * a.LogitsStrides.Outer);
        var span = RowSpan.Of<T, TElement>(element.AddressOf(ref logits[0]), a.Classes);
        int start = span.Head + (group.Rank * element.PerVector);
        int left = span.Vectors - group.Rank;

        TSlots slots = default;
        EntropyLoad<T, TElement, TGroup> load;
        load.Logits = logits.SubView(start);
        load.Left = left;
        slots.Each(ref load, 0);
        int edge = span.Edge(group.Rank);
        bool hasEdge = edge >= 0;
        float edgeLogit = hasEdge ? element.Load(ref logits[edge]) : 0f;

        EntropyVisit<T, TElement, TGroup, MaxVisitor> max;
        max.Element = element;
        max.Left = left;
        max.Visitor.Max = float.NegativeInfinity;
        slots.Each(ref max, 0);
        if (hasEdge) max.Visitor.Visit(edgeLogit, edgeLogit, 0);
        float unused = 0f;
        group.Max(ref max.Visitor.Max, ref unused, 0);

        EntropyVisit<T, TElement, TGroup, EntropySums> sum;
        sum.Element = element;
        sum.Element.BeginPhase(a.Zero, 2);
        sum.Left = left;
        sum.Visitor = EntropySums.From(max.Visitor.Max, a.Scale);
        slots.Each(ref sum, 0);
        if (hasEdge) sum.Visitor.Visit(edgeLogit, edgeLogit, 0);
        group.Sum(ref sum.Visitor.Mass, ref sum.Visitor.First, ref unused, 1);

        if (a.Gradient.Length > 0)
        {
            var gradient = a.Gradient.SubView(row * a.GradientStrides.Outer);
            EntropyStore<T, TElement, TGroup> store;
            store.Element = element;
            store.Element.BeginPhase(a.Zero, 3);
            store.Left = left;
            store.Gradient = gradient.SubView(start);
            store.Map = EntropyGradientMap.Of(sum.Visitor, factor);
            slots.Each(ref store, 0);
            if (hasEdge) element.Store(ref gradient[edge], store.Map.Map(edgeLogit, edgeLogit, 0));
        }
        return sum.Visitor.Entropy(a.InverseTemperature);
    }
}

/// <summary>A row of any length: read once, and once more where a gradient is wanted.</summary>
public readonly struct EntropyStreamBody<T, TElement, TGroup> : IEntropyBody<T, TGroup>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TGroup : struct, IGroup
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Row(in EntropyArguments<T> a, ref TGroup group, long row, float factor)
    {
        TElement element = default;
        element.BeginPhase(a.Zero, 1);
        var logits = a.Logits.SubView(row * a.LogitsStrides.Outer);
        var span = RowSpan.Of<T, TElement>(element.AddressOf(ref logits[0]), a.Classes);
        int start = span.Head + (group.Rank * element.PerVector);
        int step = group.Size * element.PerVector;
        int edge = span.Edge(group.Rank);

        var online = EntropyOnline.From(a.Scale);
        int c = start;
        // Four vectors at a time: their loads are under way together.
        for (; c + (3 * step) < span.Tail; c += 4 * step)
        {
            var v0 = element.LoadVector(ref logits[c]);
            var v1 = element.LoadVector(ref logits[c + step]);
            var v2 = element.LoadVector(ref logits[c + (2 * step)]);
            var v3 = element.LoadVector(ref logits[c + (3 * step)]);
            var max = online.Begin();
            element.Each(v0, v0, ref max);
            element.Each(v1, v1, ref max);
            element.Each(v2, v2, ref max);
            element.Each(v3, v3, ref max);
            online.Raise(max);
            element.Each(v0, v0, ref online.Sums);
            element.Each(v1, v1, ref online.Sums);
            element.Each(v2, v2, ref online.Sums);
            element.Each(v3, v3, ref online.Sums);
        }
        for (; c < span.Tail; c += step)
        {
            var v = element.LoadVector(ref logits[c]);
            var max = online.Begin();
            element.Each(v, v, ref max);
            online.Raise(max);
            element.Each(v, v, ref online.Sums);
        }
        if (edge >= 0) online.Take(element.Load(ref logits[edge]));
        var sums = online.Combine(ref group);

        if (a.Gradient.Length > 0)
        {
            var gradient = a.Gradient.SubView(row * a.GradientStrides.Outer);
            element.BeginPhase(a.Zero, 2);
            var map = EntropyGradientMap.Of(sums, factor);
            for (c = start; c < span.Tail; c += step)
            {
                var v = element.LoadVector(ref logits[c]);
                element.StoreVector(ref gradient[c], element.Map(v, v, ref map));
            }
            if (edge >= 0) element.Store(ref gradient[edge], map.Map(element.Load(ref logits[edge]), 0f, 0));
        }
        return sums.Entropy(a.InverseTemperature);
    }
}

/// <summary>A row of any strides, one element at a time; with a group of one thread, the row of a pixel.</summary>
public readonly struct EntropyGeneralBody<T, TElement, TGroup> : IEntropyBody<T, TGroup>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TGroup : struct, IGroup
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Row(in EntropyArguments<T> a, ref TGroup group, long row, float factor)
    {
        TElement element = default;
        element.BeginPhase(0, 0);
        long outer = row;
        long inner = 0;
        if (a.Inner > 1)
        {
            outer = row / a.Inner;
            inner = row - (outer * a.Inner);
        }
        long start = a.LogitsStrides.Row(outer, inner);
        long step = a.LogitsStrides.Element;
        var online = EntropyOnline.From(a.Scale);
        int c = group.Rank;
        for (; c + (3 * group.Size) < a.Classes; c += 4 * group.Size)
        {
            float z0 = element.Load(ref a.Logits[start + (c * step)]);
            float z1 = element.Load(ref a.Logits[start + ((c + group.Size) * step)]);
            float z2 = element.Load(ref a.Logits[start + ((c + (2 * group.Size)) * step)]);
            float z3 = element.Load(ref a.Logits[start + ((c + (3 * group.Size)) * step)]);
            var max = online.Begin();
            max.Visit(z0, z0, 0);
            max.Visit(z1, z1, 1);
            max.Visit(z2, z2, 2);
            max.Visit(z3, z3, 3);
            online.Raise(max);
            online.Sums.Visit(z0, z0, 0);
            online.Sums.Visit(z1, z1, 1);
            online.Sums.Visit(z2, z2, 2);
            online.Sums.Visit(z3, z3, 3);
        }
        for (; c < a.Classes; c += group.Size) online.Take(element.Load(ref a.Logits[start + (c * step)]));
        var sums = online.Combine(ref group);

        if (a.Gradient.Length > 0)
        {
            long gradientStart = a.GradientStrides.Row(outer, inner);
            var map = EntropyGradientMap.Of(sums, factor);
            for (c = group.Rank; c < a.Classes; c += group.Size)
            {
                float gradient = map.Map(element.Load(ref a.Logits[start + (c * step)]), 0f, 0);
                element.Store(ref a.Gradient[gradientStart + (c * a.GradientStrides.Element)], gradient);
            }
        }
        return sums.Entropy(a.InverseTemperature);
    }
}
