namespace KdKernels.Core;

/// <summary>Element access to the memory behind views, converting between float and double.</summary>
internal static unsafe class Memory
{
    public static double Read(RowsView view, long row, long element)
    {
        long offset = view.RowOffset(row) + (element * view.ElementStride);
        return view.ElementType == KdElementType.Float32 ? ((float*)view.Data)[offset] : ((double*)view.Data)[offset];
    }

    public static void Write(RowsView view, long row, long element, double value)
    {
        long offset = view.RowOffset(row) + (element * view.ElementStride);
        if (view.ElementType == KdElementType.Float32)
            ((float*)view.Data)[offset] = (float)value;
        else
            ((double*)view.Data)[offset] = value;
    }

    /// <summary>
    /// The address of a row whose elements lie side by side as <typeparamref name="TElement"/>, or null.
    /// </summary>
    public static TElement* Direct<TElement>(in RowsView view, long row)
        where TElement : unmanaged
    {
        bool fits = view.ElementStride == 1 && IsStoredAs<TElement>(view);
        return fits ? (TElement*)view.Data + view.RowOffset(row) : null;
    }

    public static bool IsStoredAs<TElement>(in RowsView view)
        where TElement : unmanaged
    {
        return view.ElementType == (typeof(TElement) == typeof(float) ? KdElementType.Float32 : KdElementType.Float64);
    }

    /// <summary>Copies a row of any stride and type.</summary>
    public static void Gather<TElement>(in RowsView view, long row, TElement* target)
        where TElement : unmanaged
    {
        long offset = view.RowOffset(row), stride = view.ElementStride;
        if (stride == 0 && view.Length is > 0 and <= int.MaxValue)
        {
            // The gradient of a sum: one number everywhere.
            Put(target, Read(view, row, 0));
            new Span<TElement>(target, (int)view.Length).Fill(*target);
        }
        else if (view.ElementType == KdElementType.Float32)
        {
            float* source = (float*)view.Data + offset;
            for (long c = 0; c < view.Length; c++) Put(target + c, source[c * stride]);
        }
        else
        {
            double* source = (double*)view.Data + offset;
            for (long c = 0; c < view.Length; c++) Put(target + c, source[c * stride]);
        }
    }

    /// <summary>Copies into a row of any stride and type, rounding once.</summary>
    public static void Scatter<TElement>(in RowsView view, long row, TElement* source)
        where TElement : unmanaged
    {
        long offset = view.RowOffset(row), stride = view.ElementStride;
        if (view.ElementType == KdElementType.Float32)
        {
            float* target = (float*)view.Data + offset;
            for (long c = 0; c < view.Length; c++) target[c * stride] = (float)Get(source + c);
        }
        else
        {
            double* target = (double*)view.Data + offset;
            for (long c = 0; c < view.Length; c++) target[c * stride] = Get(source + c);
        }
    }

    public static void Zero(RowsView view, long row)
    {
        long offset = view.RowOffset(row), stride = view.ElementStride;
        if (view.ElementType == KdElementType.Float32)
        {
            float* target = (float*)view.Data + offset;
            for (long c = 0; c < view.Length; c++) target[c * stride] = 0;
        }
        else
        {
            double* target = (double*)view.Data + offset;
            for (long c = 0; c < view.Length; c++) target[c * stride] = 0;
        }
    }

    public static double Get<TElement>(TElement* source)
        where TElement : unmanaged
    {
        return typeof(TElement) == typeof(float) ? *(float*)source : *(double*)source;
    }

    public static void Put<TElement>(TElement* target, double value)
        where TElement : unmanaged
    {
        if (typeof(TElement) == typeof(float))
            *(float*)target = (float)value;
        else
            *(double*)target = value;
    }
}
