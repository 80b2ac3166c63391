using KdKernels.Distillation.Formats;

namespace KdKernels.Cli.Tests.Ops;

/// <summary>A made-up input of an op: the same numbers on every machine.</summary>
internal sealed record OpArray(double[] Values, long[] Shape, bool IsInteger = false)
{
    private const double Golden = 0.6180339887498949;

    /// <summary>Numbers between <paramref name="low"/> and <paramref name="high"/> that repeat nothing.</summary>
    public static OpArray Uniform(double low, double high, int seed, params long[] shape)
    {
        var values = new double[shape.Aggregate(1L, (product, size) => product * size)];
        for (int i = 0; i < values.Length; i++)
        {
            double u = ((i + 1) * Golden * (1 + (0.137 * seed))) + (0.31 * seed);
            values[i] = low + ((high - low) * (u - Math.Floor(u)));
        }

        return new(values, shape);
    }

    /// <summary>Between −3 and 3: logits, features, embeddings.</summary>
    public static OpArray Logits(int seed, params long[] shape) => Uniform(-3, 3, seed, shape);

    /// <summary>Classes.</summary>
    public static OpArray Labels(int classes, int seed, params long[] shape) =>
        new([.. Uniform(0, classes, seed, shape).Values.Select(Math.Floor)], shape, IsInteger: true);

    /// <summary>About half of it set.</summary>
    public static OpArray Mask(int seed, params long[] shape) => Labels(2, seed, shape);

    /// <summary>Integers as given.</summary>
    public static OpArray Integers(params long[] values) =>
        new([.. values.Select(value => (double)value)], [values.Length], IsInteger: true);

    /// <summary>One element replaced.</summary>
    public OpArray With(int index, double value)
    {
        double[] values = [.. Values];
        values[index] = value;
        return this with { Values = values };
    }

    public NpyArray ToNpy(NpyType type) => NpyArray.Of(IsInteger ? NpyType.I8 : type, Shape, Values);
}
