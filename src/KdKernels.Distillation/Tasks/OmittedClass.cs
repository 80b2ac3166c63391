namespace KdKernels.Distillation.Tasks;

/// <summary>
/// What a network knows about a class that it never saw (Hinton et al. 2015, section 3): how much of it is recognised, and how much
/// once the class's bias is raised by what makes the whole set's accuracy highest. As in the paper, that offset is chosen on the
/// very items that are measured.
/// </summary>
internal static class OmittedClass
{
    /// <param name="logits"><c>[N][K]</c>.</param>
    /// <param name="labels"><c>[N]</c>.</param>
    /// <param name="omitted">The class.</param>
    /// <param name="figures">Where the figures go.</param>
    public static void Measure(
        IReadOnlyList<float[]> logits, ReadOnlySpan<int> labels, int omitted, IDictionary<string, double> figures)
    {
        // An item becomes one of the class once the offset exceeds its margin.
        (double Margin, bool Own, bool OtherRight)[] items = new (double, bool, bool)[labels.Length];
        for (int i = 0; i < items.Length; i++)
        {
            int other = omitted == 0 ? 1 : 0;
            for (int k = 0; k < logits[i].Length; k++)
            {
                other = k != omitted && logits[i][k] > logits[i][other] ? k : other;
            }

            items[i] = (logits[i][other] - logits[i][omitted], labels[i] == omitted, labels[i] == other);
        }

        Array.Sort(items, static (left, right) => left.Margin.CompareTo(right.Margin));
        int own = items.Count(item => item.Own);
        int right = items.Count(item => item.OtherRight);
        (int Right, int Taken) best = (right, 0);
        for (int taken = 0; taken < items.Length; taken++)
        {
            right += (items[taken].Own ? 1 : 0) - (items[taken].OtherRight ? 1 : 0);
            best = right > best.Right ? (right, taken + 1) : best;
        }

        figures["accuracy on the omitted class"] =
            own == 0 ? double.NaN : (double)items.Count(item => item.Own && item.Margin < 0) / own;
        figures["the same with its bias raised"] =
            own == 0 ? double.NaN : (double)items.Take(best.Taken).Count(item => item.Own) / own;
        figures["accuracy with that bias raised"] = (double)best.Right / items.Length;
        figures["bias raised by"] = best.Taken == 0 ? 0 : items[best.Taken - 1].Margin;
    }
}
