namespace KdKernels.PtxVerify.Cases;

/// <summary>How rows of channels or offsets lie in memory.</summary>
internal enum RowForm
{
    /// <summary>[B, C, H, W]: a row is a position.</summary>
    Planes,

    /// <summary>[rows, C].</summary>
    Contiguous,

    /// <summary>[B, C, H, W], an element off a multiple of 16 bytes.</summary>
    Misaligned,

    /// <summary>[rows, C] with gaps after rows and batches.</summary>
    Sliced,
}

/// <summary>Placements of these forms.</summary>
internal static class RowForms
{
    public static Placement Place(RowForm form, int outer, int inner, int length)
    {
        long size = (long)inner * length;
        return form switch
        {
            RowForm.Planes => new Placement(outer * size, 0, size, 1, inner),
            RowForm.Misaligned => new Placement((outer * size) + 1, 1, size, 1, inner),
            RowForm.Sliced => new Placement(
                outer * ((inner * (length + 2L)) + 5), 0, (inner * (length + 2L)) + 5, length + 2, 1),
            _ => Placement.Contiguous(outer, inner, length),
        };
    }
}
