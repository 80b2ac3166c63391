namespace KdKernels.Distillation.Reporting;

/// <summary>Which held-out images a report shows: mostly those that the networks take for different things.</summary>
internal static class SampleChoice
{
    public const int Disputed = 10;
    public const int Agreed = 5;

    /// <summary>
    /// Indices of images, those where the networks of the first seed differ before those where they agree. The disputed
    /// ones come
    /// in turn from three groups (only distilled right, only plain right, everything else), so that neither student
    /// looks better
    /// than it is for lack of examples; within a group they are spread evenly over the set.
    /// </summary>
    public static int[] Of(HeldOutPredictions predictions)
    {
        List<int>[] groups = [[], [], []];
        List<int> agreed = [];
        for (int image = 0; image < predictions.Labels.Length; image++)
        {
            long label = predictions.Labels[image];
            long plain = predictions.Plain[0][image];
            long distilled = predictions.Distilled.Length > 0 ? predictions.Distilled[0][image] : plain;
            long teacher = predictions.Teacher.Length > 0 ? predictions.Teacher[image] : plain;
            if (plain == distilled && plain == teacher)
                agreed.Add(image);
            else if (distilled == label && plain != label)
                groups[0].Add(image);
            else if (plain == label && distilled != label)
                groups[1].Add(image);
            else
                groups[2].Add(image);
        }

        List<int>[] candidates = [.. groups.Select(group => Spread(group, Disputed))];
        return [.. InTurn(candidates).Take(Disputed), .. Spread(agreed, Agreed)];
    }

    private static IEnumerable<int> InTurn(List<int>[] groups)
    {
        int longest = groups.Max(group => group.Count);
        for (int place = 0; place < longest; place++)
        {
            foreach (List<int> group in groups.Where(group => place < group.Count))
                yield return group[place];
        }
    }

    private static List<int> Spread(List<int> images, int count)
        => images.Count <= count
            ? images
            : [.. Enumerable.Range(0, count).Select(place => images[(int)((long)place * images.Count / count)])];
}
