namespace KdKernels.Distillation.Tasks;

/// <summary>Which training items stay where a recipe leaves some out.</summary>
internal static class TrainingChoice
{
    /// <summary>Positions of the first <paramref name="perClass"/> items of each class, none of
    /// <paramref name="omitClass"/>, in the order of the set.</summary>
    /// <param name="labels">One class per item.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="perClass">0 keeps all.</param>
    /// <param name="omitClass">-1 omits none.</param>
    public static int[] Kept(ReadOnlySpan<int> labels, int classes, int perClass, int omitClass)
    {
        int[] seen = new int[classes];
        List<int> kept = [];
        for (int i = 0; i < labels.Length; i++)
        {
            int label = labels[i];
            if (label != omitClass && (perClass == 0 || seen[label] < perClass))
            {
                kept.Add(i);
            }

            seen[label]++;
        }

        return [.. kept];
    }
}
