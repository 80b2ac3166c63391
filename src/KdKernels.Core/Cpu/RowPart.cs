namespace KdKernels.Core;

/// <summary>Access to a part of a row, whatever the strides and the element type of the view.</summary>
internal static unsafe class RowPart
{
    /// <summary>The elements where they lie, or a copy where they do not lie side by side.</summary>
    public static TElement* Input<TElement>(in RowsView view, long row, long first, int size, TElement* copy)
        where TElement : unmanaged
    {
        TElement* direct = Memory.Direct<TElement>(view, row);
        if (direct is not null) return direct + first;
        Memory.Gather(Part(view, row, first, size), 0, copy);
        return copy;
    }

    /// <summary>Where elements are to be written; <see cref="Finish"/> brings them to their place.</summary>
    public static TElement* Output<TElement>(in RowsView view, long row, long first, TElement* copy)
        where TElement : unmanaged
    {
        TElement* direct = Memory.Direct<TElement>(view, row);
        return direct is not null ? direct + first : copy;
    }

    public static void Finish<TElement>(in RowsView view, long row, long first, int size, TElement* written)
        where TElement : unmanaged
    {
        if (Memory.Direct<TElement>(view, row) is null) Memory.Scatter(Part(view, row, first, size), 0, written);
    }

    private static RowsView Part(in RowsView view, long row, long first, int size)
    {
        long offset = view.RowOffset(row) + (first * view.ElementStride);
        return view with
        {
            Data = view.Data + (nint)(offset * view.ElementType.Bytes()),
            Outer = 1,
            Inner = 1,
            Length = size,
        };
    }
}
