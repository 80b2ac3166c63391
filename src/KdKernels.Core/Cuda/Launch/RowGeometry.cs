namespace KdKernels.Core;

/// <summary>
/// How a kernel walks the rows of operands that share a shape. Two row indices become one where the memory allows it,
/// so that <c>[B, T, V]</c> is walked as <c>[B*T, V]</c>, and rows that lie side by side (<c>[N, C, H, W]</c>, a
/// transposed matrix) are found.
/// </summary>
internal readonly record struct RowGeometry
{
    private readonly Form form;

    private enum Form
    {
        AsGiven,

        /// <summary>One row index, the outer one.</summary>
        Rows,

        /// <summary>One row index, the inner one.</summary>
        Pixels,
    }

    /// <param name="operands">Views of one shape; at least one.</param>
    public RowGeometry(params ReadOnlySpan<RowsView> operands)
    {
        RowsView first = operands[0];
        Rows = first.Rows;
        Classes = first.Length;
        form = FormOf(operands);
        Inner = form switch
        {
            Form.Rows => 1,
            Form.Pixels => Math.Max(Rows, 1),
            _ => Math.Max(first.Inner, 1),
        };
        IsRowMajor = form == Form.Rows && AreWhole(operands) && AreEquallyAligned(operands);
        IsPixelMajor = form != Form.Rows && All(operands, this, static strides => strides.Inner == 1);
    }

    public long Rows { get; }

    public long Classes { get; }

    /// <summary>Size of the inner row index: row r is (r / Inner, r % Inner).</summary>
    public long Inner { get; }

    /// <summary>
    /// One index reaches all rows, every row is one piece of memory, and the rows of all operands begin at the same
    /// distance from a multiple of 16 bytes, so that all can be read in pieces of 16.
    /// </summary>
    public bool IsRowMajor { get; }

    /// <summary>Element c of neighbouring rows lies side by side.</summary>
    public bool IsPixelMajor { get; }

    /// <summary>The strides of an operand in this walk.</summary>
    public RowStrides Strides(RowsView operand)
    {
        // A stride that is never taken can be any; this one lets a single class count as contiguous.
        long element = operand.Length == 1 ? 1 : operand.ElementStride;
        return form switch
        {
            Form.Rows => new RowStrides(RowStride(operand), 0, element),
            Form.Pixels => new RowStrides(0, RowStride(operand), element),
            _ => new RowStrides(operand.OuterStride, operand.InnerStride, element),
        };
    }

    private static Form FormOf(ReadOnlySpan<RowsView> operands)
    {
        bool contiguous = true;
        bool sideBySide = true;
        foreach (RowsView view in operands)
        {
            bool hasOneIndex = view.Inner <= 1 || view.Outer <= 1 || view.OuterStride == view.Inner * view.InnerStride;
            if (!hasOneIndex) return Form.AsGiven;
            contiguous &= view.Length == 1 || view.ElementStride == 1;
            sideBySide &= RowStride(view) == 1;
        }

        return sideBySide && !contiguous ? Form.Pixels : Form.Rows;
    }

    /// <summary>From one row to the next, where one index reaches them all.</summary>
    private static long RowStride(RowsView view) => view.Inner <= 1 ? view.OuterStride : view.InnerStride;

    private bool AreWhole(ReadOnlySpan<RowsView> operands) =>
        All(operands, this, static strides => strides is { Element: 1, Outer: >= 0 });

    private bool AreEquallyAligned(ReadOnlySpan<RowsView> operands)
    {
        (long, long) first = Phase(operands[0]);
        foreach (RowsView view in operands)
        {
            if (Phase(view) != first) return false;
        }

        return true;
    }

    /// <summary>Where the first row begins behind a multiple of 16 bytes, and how much further each next one.</summary>
    private (long Start, long Step) Phase(RowsView view)
    {
        const long mask = 15;
        return (view.Data & mask, Rows > 1 ? Strides(view).Outer * view.ElementType.Bytes() & mask : 0);
    }

    private static bool All(ReadOnlySpan<RowsView> operands, RowGeometry geometry, Func<RowStrides, bool> holds)
    {
        foreach (RowsView view in operands)
        {
            if (!holds(geometry.Strides(view))) return false;
        }

        return true;
    }
}
