"""Reviewed words that tell people from places, brands and tools (D-IDENT).

The lists below are written for this project. More given names are read, at run time, from the French and
English providers of the package `faker` (MIT licence), which the project depends on; nothing of it is copied
here.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib import import_module

_FAKER = ("fr_FR", "en_US")
_GIVEN = """
Aïcha Abdel Abdellah Abdou Adama Adel Adrien Agathe Ahmed Aïssatou Alban Aline Ali Alicia Aliou Alix Amadou
Ambre Amel Amélie Amina Amine Amir Anaïs Anas
Andréa Angélique Anis Anissa Anouk Antonin Apolline Armand Asma Assia Aurélia Aurélien Aurélie Awa Axel Aya
Ayoub Aziz Baptiste Barbara Basile Bastien
Béatrice Bilal Boris Boubacar Brahim Brice Brigitte Bruno Camélia Carla Carole Cassandra Cédric Célia Céline
Chantal Charlène Charline Cheikh Chloé Christelle
Christiane Christophe Clara Clarisse Clémence Clémentine Colin Coline Coralie Corentin Corinne Cyril Cyrille
Damien Daouda Delphine Denis Diana Didier Dimitri
Djamel Djamila Djibril Dominique Dorian Dounia Driss Dylan Eddy Elena Éléonore Elias Elie Elisa Élise Ella
Éloïse Elsa Emma Enzo Erwan Esteban Estelle Ethan
Étienne Eva Evan Fabien Fabienne Fabrice Fanny Farah Farid Farida Fatiha Fatima Fatou Fatoumata Faouzi Flavie
Flora Florian Floriane Franck Gabin Gabriel
Gaël Gaëlle Gaétan Gaspard Gauthier Geoffrey Gérald Ghislain Gwenaëlle Gwendoline Habib Hakim Hamid Hamza
Hanane Hassan Hatem Hélène Hervé Hicham Houda
Hugo Hussein Ibrahim Idriss Ikram Ilan Ilyes Imane Imen Inès Ismaël Ivan Jamel Jamila Janis Jawad Jean
Jean-Baptiste Jean-Claude Jean-François Jean-Luc
Jean-Marc Jean-Marie Jean-Michel Jean-Paul Jean-Philippe Jean-Pierre Jennifer Jérémie Jérémy Jérôme Jessica
Jimmy Joël Joëlle Johan Johanna Johnny Jonas Jonathan
Jordan Joris Joséphine Judith Juliana Julie Julien Juliette Justin Justine Kader Kamel Karen Karima Karim
Karine Katia Kelly Kenza Kévin Khadija Khaled
Khalid Kilian Laetitia Lamia Lara Latifa Laure Laurène Laurine Layla Léa Leila Léna Léo Léon Léonie Leslie
Lila Lilian Lilou Lina Linda Lionel Lisa Loïc
Lola Lou Louane Louis Louise Lounès Lucas Lucie Ludivine Ludovic Luigi Luna Lydia Lyna Maël Maëlle Maeva
Magali Mahdi Maïa Malek Malik Malika Mamadou
Manon Manuel Marcel Margaux Marie-Claude Marie-Christine Marie-Laure Marina Marjorie Marlène Marouane Maryam
Maryline Maryse Mathéo Mathias Mathieu Mathilde Mathis
Matteo Maud Maxence Maxime Mehdi Mélanie Mélina Mélissa Mélodie Meriem Mickaël Mikaël Milan Mina Mohamed
Mohammed Mohammad Mokhtar Monique Morgan Morgane
Mounir Mourad Moussa Muriel Mustapha Myriam Nabil Nabila Nacer Nadège Nadia Nadir Naïm Naïma Najat Nassim
Natacha Nathalie Nathan Nawel Nicolas Nina Noa
Noah Noémie Nolan Nora Nordine Norah Nour Océane Olivia Omar Ophélie Oriane Oscar Othman Ousmane Pascale
Patrice Patricia Perrine Pierrick Quentin Rabah
Rachid Rachida Rafaël Ramzi Rania Raphaël Rayan Rébecca Régis Réda Rémi Rémy Renaud Riad Robin Rodolphe Romain
Romane Romuald Ronan Rosalie Roxane Ryan
Saber Sabine Sabrina Safia Saïd Salim Salima Salma Salomé Sami Samia Samir Samira Samuel Samy Sandra Sandrine
Sarah Sébastien Selim Selma Serge Séverine
Sihem Simon Simone Sofia Sofiane Soline Sonia Sophia Sophie Soraya Souad Soufiane Stanislas Stella Stéphane
Stéphanie Steven Stéven Sylvain Sylvie Tanguy
Tarek Tatiana Théo Théodore Thibault Thibaut Thierry Thomas Tiffany Timothée Titouan Tom Tony Tristan Ugo
Valentin Valentine Valérie Vanessa Véronique
Victor Victoria Vincent Virginie Vivien Wassim Wendy Wilfried William Xavier Yacine Yanis Yann Yannick Yasmina
Yasmine Yassine Yazid Yohan Yohann Younès
Youcef Youssef Yousra Yvan Yves Zacharie Zahra Zaïneb Zakaria Zineb Zoé Zoubir
Aaron Abigail Adam Aidan Alan Alastair Alex Alfie Alison Amelia Amy Andrew Andy Angus Anna Anthony Archie
Arthur Ashley Barry Bethany Bob Brandon Brenda
Callum Caroline Charlie Chris Clive Colleen Connor Craig Daisy Dan Daniel Darren Dave David Dean Debbie Declan
Diane Donna Duncan Eleanor Elliot Emily
Erin Ethel Fiona Fred Gareth Gary Gemma Geoff George Georgia Gerard Glen Graham Greg Hannah Harriet Harry
Hazel Heather Henry Hilary Holly Howard Hugh
Iain Irene Isaac Isabella Jack Jacob Jake James Jamie Jane Janet Jasmine Jay Jean Jeff Jenny Jeremy Jill Jim
Joan Joanna Joanne Joe Joel John Jonathan
Joseph Josh Joshua Joyce Karl Kate Katherine Kathryn Katie Kayleigh Keith Ken Kerry Kieran Kim Kirsty Kyle
Laura Lauren Leah Lee Leanne Lesley Lewis
Liam Linda Louis Lucy Luke Lynn Malcolm Marcus Maria Marion Mary Matthew Maureen Megan Michael Michelle Mike
Mohamed Mohammad Molly Nathan Neil Nicola
Nicole Nigel Norman Oliver Owen Pamela Patrick Paul Paula Peter Phil Philip Rachel Raymond Rebecca Rhys
Richard Rob Robert Roger Ross Russell Ruth Sally
Sam Sara Scott Sean Shane Shannon Sharon Sheila Shirley Sian Simon Sophie Stacey Stephen Steve Stewart Stuart
Sue Susan Suzanne Teresa Terry Tim Toby
Tracey Trevor Vicky Wayne Yvonne Zoe Anil Arjun Deepak Priya Ravi Sanjay Wei Ming Yuki Hiroshi Olga Igor
Dmitri Natalia Svetlana Ahmet Mehmet Ayşe Elif
Maya Ida Odile Vera Yara Liana Ornella Gustavo Mirko Niels Susanna Frederico Serafina Annamaria Aitor Oreste
Iolanda Jayson Malika Solène Tiphaine Priscilla Prisca Ginette
Huguette Yvette Paulette Josette Colette Arlette Lucette Bernadette Antoinette Marinette Fernand Edmond Raoul
Gaston Lucien Marcelin Armelle Gwladys Aurore Flavien Cyprien
Paolo Giulia Marco Giovanni Francesca Luca Alessandro Chiara Lorenzo Federica Pablo Javier Carlos José Juan
María Carmen Lucía Diego Alejandro Miguel Pedro
João Tiago Rui Inês Beatriz Gonçalo Duarte Catarina Hans Jürgen Klaus Katrin Stefan Sven Anke Piotr Agnieszka
Katarzyna Krzysztof Tomasz Małgorzata Magdalena
"""
# Given names that are words, months, towns, tools or brands more often than people: they need a capital and a
# context.
_AMBIGUOUS = """
aime aimee alexa claude amour ange angel april art autumn avril bill blanche bonne brice capucine carole
chance chase christian claire clement colombe constance
constant daisy dan dean desire desiree dawn dolores eden eve faith fleur florence france franc franck gage
gene georgia grace grant guy harmony heaven hope
hunter iris jade jasmine jay jean jules julia june justice lane lee lin lou lourdes lynn mai marc marguerite
marine mark martin mason max may melody merry
miles ming misty modeste nancy nick noel olive pascal pat paris parker patience paul pierre precious prudence
ray rich robin rose royal ruby sage sandy
savannah scott sky solange star sue sylvain taylor trinity valence victor victoire vienne violette virginia
wayne wei will ada django amber amine ambre art
bob page reed said sally summer terry sonny drew carry charity cherry chelsea brook crystal destiny diamond
dale faye ginger holly ivy
jewel joy kitty laurel lily lucky major mercedes noble peter pearl penny price randy rusty sierra stone storm
sunny tiffany treasure velvet wade woody max
avis denis maxime dominique gilles
"""
_TOWNS = """
Paris Marseille Lyon Toulouse Nice Nantes Montpellier Strasbourg Bordeaux Lille Rennes Reims Toulon Grenoble
Dijon Angers Nîmes Villeurbanne Brest Limoges Tours
Amiens Perpignan Metz Besançon Orléans Rouen Mulhouse Caen Nancy Argenteuil Montreuil Roubaix Tourcoing
Nanterre Avignon Poitiers Créteil Versailles Pau
Colombes Courbevoie Antibes Cannes Calais Béziers Dunkerque Colmar Bourges Bastia Ajaccio Quimper Valence
Troyes Lorient Chambéry Annecy Niort Cholet Vannes
Laval Évry Belfort Blois Tarbes Arras Albi Angoulême Beauvais Bayonne Biarritz Dax Gap Digne Foix Auch Agen
Cahors Rodez Mende Tulle Guéret Moulins Nevers Auxerre
Sens Chaumont Épinal Vesoul Mâcon Bourg Oyonnax Vienne Voiron Lens Douai Cambrai Laon Soissons Compiègne
Senlis Dreux Chartres Vendôme Issoudun Vierzon Lunéville
Lourdes Bonne Florac Narbonne Carcassonne Sète Alès Arles Martigues Fréjus Hyères Draguignan Menton Grasse
Cergy Pontoise Sarcelles Meaux Melun Massy Palaiseau
Boulogne-Billancourt Clermont-Ferrand Le-Mans Le-Havre Saint-Étienne Saint-Denis Saint-Malo Saint-Brieuc
Saint-Nazaire Saint-Germain-en-Laye Sainte-Maxime
Aix-en-Provence La-Rochelle Villeneuve-d'Ascq Vitry-sur-Seine Ivry-sur-Seine Issy-les-Moulineaux
Levallois-Perret Neuilly-sur-Seine Noisy-le-Grand Fort-de-France
Pointe-à-Pitre Cayenne Mamoudzou Saint-Pierre Le-Tampon Châteauroux Châlons-en-Champagne Charleville-Mézières
Mont-de-Marsan Bourg-en-Bresse Thonon-les-Bains
"""
TOWNS = tuple(_TOWNS.split())
# First words after « merci à », « mon mentor » and the like that begin no name of a person.
_NOT_NAMES = """
a about after again ah ai ainsi all alors also and another any anyone apres as assez at au aucun aucune aussi
autant autre aux avant avec avoir beaucoup bien
bon bonjour bonne bravo but by ca car ce cela celle celui ces cet cette chacun chaque cher chere chers comme
comment cordialement covid cpf d dans de depuis
des dieu doctor du during each elle elles en encore enfin enorme entre equipe especially est et etait etaient
etes etre eux every everybody everyone for from
god great his her here hello i il ils is it its j j'ai jamais je jusque l la le les leur leurs lors lui m ma
madame mademoiselle mais malgre many mes merci mille
mon monsieur more most my n ne ni no non nos not notre nous on or ou oui our par parce parfois pas pendant
personne peu plus plutot pour pourquoi puis
quand que quel quelle quelques qui quoi ras s sa sans ses si so some son sont sous special sur surtout t ta
team tes thank thanks that the their them then there these
they this those ton toujours tous tout toute toutes tres trop tu un une unfortunately very via vos votre vous
was we what when where which while who why with
yes you your pole france emploi
mr mme mlle mrs ms dr pr maitre docteur doctor professor dommage felicitations continuez continuer attention
super parfait excellent magasin produits personnel prix
alternance anglais apprenant apprenants apprenti assistance bac bootcamp bts campus certificat certification
centre chatgpt coach communaute conseil conseiller conseillere
covid cours data developpeur diplome direction docs ecole emploi entreprise equipe erasmus etat europe
facebook formateur formatrice formation forum france francais
geomarketing google groupe insertion internet job learning licence linkedin master mentor mentore mentorat
mentors microsoft mission moodle openclassrooms opco parcours
plateforme pole prof professeur projet projets promo referent region reseau rh school sav secretariat service
slack soutenance stage student support teams tuteur
tutrice twitter udemy universite utilisateur youtube zoom bachelor business certified chef client commercial
community company course courses customer design designer
dev developer devops digital english french front full fullstack german help helpdesk lead manager marketing
office online online product project senior junior scrum stack
technique tech pedagogique qualite administratif discord notion trello figma canva
ada ajax android angular ansible apache api arduino asp aws azure bash bootstrap c cobol css dart django
docker drupal excel express flask flutter fortran git github
gitlab go golang hadoop haskell html ia ios java javascript jenkins jira jquery js julia kafka keras kotlin
kubernetes laravel linux lua mac magento matlab mongodb mysql
nest next node nodejs numpy nuxt oracle pandas perl photoshop php postgres postgresql powerpoint powerbi
prestashop prolog pytest python pytorch r rails react redis redux ruby rust
sap sass scala scikit scratch shell shopify spark spring sql svelte swift symfony tableau tensorflow terraform
typescript unity unix vba vim vue wagtail webpack windows word wordpress
lundi mardi mercredi jeudi vendredi samedi dimanche monday tuesday wednesday thursday friday saturday sunday
janvier fevrier mars avril mai juin juillet aout septembre
octobre novembre decembre january february march april may june july august september october november
december noel paques
"""
# What follows a title and is no person: functions, brands, products.
_NOT_TITLED = """
directeur directrice president presidente ministre maire proviseur proviseure juge commissaire recteur
rectrice doyen doyenne ambassadeur mesdames messieurs mister maitre docteur professor
sc ed eng tech phil martens pepper oetker bean clean robot propre who strange jekyll scholl hauschka bricolage
meuble access dynamics outlook visio sharepoint onenote paint edge dos
arch maths nobody michu mario potato moriarty tournesol house congo meteo univers universe world monde untel
unetelle untelle layton doubtfire bovary gims incroyable pokora patate muscle
"""
# What follows « professeur », « docteur », « maître » and is no person: subjects, ranks, degrees.
_NOT_LEARNED = """
mathematiques mathematique mathematics maths math physique physiques physics chimie chemistry biologie biology
svt histoire history geographie geography informatique computer computing science
sciences philosophie philosophy droit law economie economics francaise anglaise espagnol spanish allemand
german italien italian lettres litterature literature eps sport musique music arts art
dessin technologie technology gestion finance comptabilite accounting communication statistiques statistics
psychologie psychology sociologie sociology medecine medicine engineering
principal principale remplacant remplacante certifie certifiee agrege agregee associe associee adjoint
adjointe contractuel contractuelle vacataire titulaire documentaliste stagiaire
emeritus emerita emerite assistant associate adjunct visiting of in at university universite college lycee
ecoles conferences hotel ouvrage oeuvre nageur chien mot yoda internship intern
dre degree diploma phd bsc msc too
"""
# Two words that look like a given and a family name: brands, and people whose names are those of streets and
# schools.
_NOT_PEOPLE = """
yves rocher|louis vuitton|christian dior|saint maclou|pierre cardin|jacques dessange|franck provost
jean paul gaultier|paul bocuse|marie curie|jules ferry|ada lovelace
alan turing|victor hugo|jean jaures|jean moulin|emile zola|albert camus|claude monet|louis pasteur
charles de gaulle|jean monnet|leon blum|aristide briand|leroy merlin
tommy hilfiger|ralph lauren|calvin klein|hugo boss|jean louis david|marc jacobs|guy degrenne|claude code
alexa skills|max havelaar|carlos ghosn|steve jobs|bill gates
elon musk|john deere|jack daniel|uncle bens|julia language|ruby rails|pascal script|django rest|marie blachere
saint laurent|robert half|michael page|harry potter|mark zuckerberg
jean bart|jeanne d|agatha christie|sandro paris|kevin murphy|johnny walker|christian louboutin|louis pion
nicolas feuillatte|ada boost|adam optimizer|max pooling
"""


@cache
def given_names() -> tuple[str, ...]:
    """Given names, written with their accents, of our own list and of faker's French and English
    providers.
    """
    found = set(_GIVEN.split())
    for locale in _FAKER:
        found |= set(import_module(f"faker.providers.person.{locale}").Provider.first_names)
    return tuple(sorted(name for name in found if len(name) > 2 and name.replace("-", "").isalpha()))


@cache
def sure_given_names() -> tuple[str, ...]:
    """Those given names that are hardly ever anything else."""
    unsure = set(_AMBIGUOUS.split()) | set(_NOT_NAMES.split()) | {plain(town) for town in TOWNS}
    return tuple(name for name in given_names() if plain(name) not in unsure)


@cache
def not_names() -> tuple[str, ...]:
    """Folded words that begin no name after a context of names, towns among them."""
    return tuple(sorted(set(_NOT_NAMES.split())))


@cache
def not_titled() -> tuple[str, ...]:
    """Folded words that begin no name after a title."""
    return tuple(sorted(set(_NOT_TITLED.split())))


@cache
def not_learned() -> tuple[str, ...]:
    """Folded words that begin no name after the title of who teaches, heals or pleads."""
    return tuple(sorted(set(_NOT_LEARNED.split())))


@cache
def not_people() -> tuple[str, ...]:
    """Folded pairs of words that name a brand or a public figure."""
    return tuple(pair for line in _NOT_PEOPLE.strip().splitlines() for pair in line.split("|"))


def plain(text: str) -> str:
    """The text in lower case without accents, as `detect.folded` has it in SQL."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))


def alternatives(words: tuple[str, ...] | list[str], first_is_large: bool = False) -> str:
    """A regular expression that is any of the words, as a tree of letters, so that its speed does not depend
    on how many they are.

    Case does not count, but for the first letter when `first_is_large`.
    """
    tree: dict = {}
    for word in words:
        node = tree
        for sign in word:
            node = node.setdefault(sign, {})
        node[""] = {}
    if not first_is_large:
        return f"(?i:{_branches(tree)})"
    return (
        "(?:"
        + "|".join(f"{_escaped(sign)}(?i:{_branches(node)})" for sign, node in sorted(tree.items()))
        + ")"
    )


def _branches(tree: dict) -> str:
    parts = [_escaped(sign) + _branches(node) for sign, node in sorted(tree.items()) if sign]
    if not parts:
        return ""
    joined = parts[0] if len(parts) == 1 and "" not in tree else f"(?:{'|'.join(parts)})"
    return f"{joined}?" if "" in tree else joined


def _escaped(sign: str) -> str:
    return "\\" + sign if sign in "\\.+*?()[]{}|^$-" else sign
