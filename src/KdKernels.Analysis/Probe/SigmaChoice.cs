namespace KdKernels.Analysis.Probe;

/// <summary>Follows the optimisation of some items and keeps the deviations that are to be its result.</summary>
internal sealed class SigmaChoice
{
    private readonly ProbeSettings settings;
    private readonly Item[] items;

    public SigmaChoice(int count, ProbeSettings settings)
    {
        this.settings = settings;
        items = [.. Enumerable.Range(0, count).Select(_ => new Item())];
    }

    /// <summary>Whether nothing that comes could change the choice.</summary>
    public bool IsDone => items.All(item => item.Ended);

    /// <summary>Takes the mean entropies of a step, and the deviations that they are of.</summary>
    public void Look(int step, double[] entropies, double[] sigma)
    {
        int units = sigma.Length / items.Length;
        for (int i = 0; i < items.Length; i++)
        {
            if (!items[i].Ended)
            {
                Look(items[i], step, entropies[i], sigma.AsSpan(i * units, units));
            }
        }
    }

    /// <summary>From now on only items count that have not exceeded the target.</summary>
    public void BeginExtra()
    {
        foreach (Item item in items)
        {
            item.Ended |= item.Reached;
        }
    }

    public ProbeResult Result((long Rows, long Columns) units, double[] scale) => new()
    {
        Rows = (int)units.Rows,
        Columns = (int)units.Columns,
        Sigma = [.. items.Select(Sigma)],
        Entropies = [.. items.Select(item => item.Entropies.ToArray())],
        Step = [.. items.Select(item => item.Step)],
        Reached = [.. items.Select(item => item.Reached)],
        FeatureScale = scale,
        Clamped = [.. items.Select(item => Sigma(item).Average(sigma => IsClamped(sigma) ? 1.0 : 0.0))],
    };

    private void Look(Item item, int step, double entropy, ReadOnlySpan<double> sigma)
    {
        item.Entropies.Add(entropy);
        item.Reached |= entropy > settings.TargetEntropy;
        if (settings.Selection == ProbeSelection.LastHalf)
        {
            if (step >= settings.Steps / 2)
            {
                item.Add(sigma);
            }

            return;
        }

        double gap = Math.Abs(entropy - settings.TargetEntropy);
        if (gap < item.Gap)
        {
            (item.Gap, item.Step, item.Sum, item.Count) = (gap, step, sigma.ToArray(), 1);
        }

        item.Ended = settings.StopAtTarget && item.Reached;
    }

    private static float[] Sigma(Item item) => Array.ConvertAll(item.Sum, sum => (float)(sum / item.Count));

    private bool IsClamped(float sigma) => sigma <= (float)settings.MinSigma || sigma >= (float)settings.MaxSigma;

    private sealed class Item
    {
        public List<double> Entropies { get; } = [];

        public bool Reached { get; set; }

        public bool Ended { get; set; }

        public double Gap { get; set; } = double.PositiveInfinity;

        public int Step { get; set; } = -1;

        public double[] Sum { get; set; } = [];

        public int Count { get; set; }

        public void Add(ReadOnlySpan<double> sigma)
        {
            if (Count == 0)
            {
                Sum = new double[sigma.Length];
            }

            for (int i = 0; i < sigma.Length; i++)
            {
                Sum[i] += sigma[i];
            }

            Count++;
        }
    }
}
