namespace KdKernels.Analysis.Statistics;

/// <summary>The exact distribution of a rank correlation where the series are unrelated: all orders are equally
/// likely.</summary>
internal static class RankPermutations
{
    /// <summary>The share of all n! orders of y whose |Σ x y − mean| is at least that of the given one, in whole
    /// numbers.</summary>
    public static double P(int[] x, int[] y)
    {
        long product = (long)x.Sum() * y.Sum();
        long observed = Math.Abs(Statistic(x, y, product));
        int[] order = [.. y];
        int[] counters = new int[order.Length];
        (long extreme, long orders) = (0, 0);
        Count();

        // Heap's method: each next order differs by one exchange.
        for (int i = 0; i < order.Length;)
        {
            if (counters[i] >= i)
            {
                counters[i++] = 0;
                continue;
            }

            int other = i % 2 == 0 ? 0 : counters[i];
            (order[i], order[other]) = (order[other], order[i]);
            counters[i]++;
            i = 0;
            Count();
        }

        return (double)extreme / orders;

        void Count()
        {
            orders++;
            extreme += Math.Abs(Statistic(x, order, product)) >= observed ? 1 : 0;
        }
    }

    private static long Statistic(int[] x, int[] y, long product)
    {
        long sum = 0;
        for (int i = 0; i < x.Length; i++)
        {
            sum += (long)x[i] * y[i];
        }

        return x.Length * sum - product;
    }
}
