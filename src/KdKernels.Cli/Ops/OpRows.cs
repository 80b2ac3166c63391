using KdKernels.Reference;

namespace KdKernels.Cli.Ops;

/// <summary>
/// Logits of any shape as the rows that oracles work on: the class dimension moved to the end, the others in their order.
/// </summary>
internal sealed class OpRows
{
    private readonly long[] _shape;
    private readonly int _dimension;
    private readonly long _before;
    private readonly long _after;

    public OpRows(long[] shape, long dimension)
    {
        _shape = shape;
        _dimension = Dimension(shape.Length, dimension);
        Classes = checked((int)shape[_dimension]);
        _before = Product(shape.Take(_dimension));
        _after = Product(shape.Skip(_dimension + 1));
    }

    /// <summary>Length of a row.</summary>
    public int Classes { get; }

    public int Rows => checked((int)(_before * _after));

    /// <summary>The shape of one value per row.</summary>
    public long[] RowShape => [.. _shape.Where((_, i) => i != _dimension)];

    /// <summary>A dimension counted from the front.</summary>
    /// <exception cref="OpException">There is no such dimension.</exception>
    public static int Dimension(long count, long dimension) =>
        dimension >= -count && dimension < count
            ? (int)(dimension < 0 ? dimension + count : dimension)
            : throw new OpException($"expected dim in [{-count}, {count - 1}] but got {dimension}");

    /// <summary>From C order to rows.</summary>
    public double[] ToRows(double[] values)
    {
        var rows = new double[values.Length];
        for (long i = 0; i < values.Length; i++) rows[RowIndex(i)] = values[i];
        return rows;
    }

    /// <summary>From rows to C order.</summary>
    public double[] FromRows(double[] rows)
    {
        var values = new double[rows.Length];
        for (long i = 0; i < rows.Length; i++) values[i] = rows[RowIndex(i)];
        return values;
    }

    /// <summary>The reduced value, or those of the rows.</summary>
    public OracleValue Reduced(OracleReduction reduction, double[] perRow, double reduced) =>
        reduction == OracleReduction.None ? new OracleValue(perRow, RowShape) : OracleValue.Scalar(reduced);

    /// <summary>The result of a loss on student and teacher logits; no teacher's gradient where it is detached.</summary>
    public OracleRun LossOf(
        OracleReduction reduction, double[] perRow, double reduced, double[] studentGradient, double[]? teacherGradient = null)
    {
        var gradients = new Dictionary<string, double[]>(StringComparer.Ordinal) { ["student"] = FromRows(studentGradient) };
        if (teacherGradient is not null) gradients["teacher"] = FromRows(teacherGradient);
        return new OracleRun([Reduced(reduction, perRow, reduced)], gradients);
    }

    private long RowIndex(long i)
    {
        (long before, long rest) = Math.DivRem(i, Classes * _after);
        (long c, long after) = Math.DivRem(rest, _after);
        return (((before * _after) + after) * Classes) + c;
    }

    private static long Product(IEnumerable<long> sizes) => sizes.Aggregate(1L, (product, size) => product * size);
}
