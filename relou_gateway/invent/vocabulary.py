"""Words of which invented texts are made: two corpora that share as little as a language lets them.

What tunes a rule on one corpus is reported on the other. The abuse is invented or mild on purpose:
what counts for the ranking is its shape (few words, many senders), not its bite.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Lists that templates draw from; `{slot}` in a template names the list."""

    ordinary: tuple[str, ...]
    abusive: tuple[str, ...]
    slogans: tuple[str, ...]
    slots: dict[str, tuple[str, ...]]


def _words(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split("|"))


_SHARED = {
    "syllable": _words(
        "ba|be|bo|cha|da|de|do|fa|fi|ga|jo|ka|la|le|li|lo|ma|mi|mo|na|ni|no|pa|ra|ri|ro|sa|so|ta|ti|va|vi|za"
    ),
    "hour": _words("18h|19h|19h30|20h|20h30|21h|22h|midi|minuit|17h|16h30|23h"),
    "day": _words(
        "lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|demain|ce soir|hier|ce week end|apres demain"
    ),
}

FIRST = Vocabulary(
    ordinary=_words(
        "{hi} c {name} {met} {place} {ask}|{hi} {sweet} c'est {name}, {ask}|coucou {ask} {name}|"
        "{hi} {ask}|{name} de {place} ! {ask} {smile}|{hi} tu te souviens de moi ? {met} {place}|"
        "{think} {ask}|{hi} {think} {smile}|{met} {place} {day}, {ask}|c {name} {think}|"
        "{plan} {day} vers {hour} ?|{hi} {plan} {day} ? {name}|{ask} {plan} {smile}|"
        "tu es bien rentree ? {name}|{hi} jtai vue {place} {think}|alors {ask} {sweet}|"
        "rep stp {sweet} {smile}|{hi} le numero est bon ?|{joke} {name} {smile}|"
        "{think} {plan} {hour}|je suis {place} avec {name} {ask}|{hi} {sweet} {smile}|"
        "cest {name} {met} {place}, {think}, {plan} {day} {hour}"
    ),
    abusive=_words(
        "{you} {insult} {rage}|{insult} va {go}|espece de {insult} {insult}|"
        "{you} qu'une {insult}, {threat}|{rage} {insult}|ton numero de {insult} {rage}|"
        "{threat} {insult} {rage}|bande de {insult} {go}|{you} pathetique {insult}|"
        "les {insult} comme toi {fate}|{rage} les {insult} {fate}|{go} avec ta {thing} de {insult}|"
        "{you} {insult} et {you} {insult} aussi|c'est pour les {insult} ce {thing} {rage}|"
        "sale {insult} {threat}"
    ),
    slogans=_words(
        "le forum des grizous vous salue bien bas les balourdes|"
        "brigade du clavier presente ici et partout jusqu au matin|"
        "on va vider votre forfait jusqu au dernier centime les pimbeches|"
        "merci pour le numero gratuit on appelle toute la nuit|"
        "la revanche des lourdauds a commence tenez bon les copains|"
        "vous parlez de respect mais vous piegez les gens honnetes|"
        "operation standard sature phase deux en cours merci de patienter|"
        "un vrai homme ne recoit pas de lecon d un robot en carton"
    ),
    slots={
        **_SHARED,
        "hi": _words("salut|slt|hey|coucou|cc|bonsoir|bonjour|yo|hello|bjr|bsr|re|kikou"),
        "name": _words(
            "kevin|thomas|julien|mehdi|nico|alex|antoine|karim|max|seb|yanis|lucas|romain|hugo|sofiane|"
            "flo|matthieu|gregory|bilal|damien|quentin|fabrice|momo|steph|arthur|enzo|theo|jeremy|"
            "adrien|samir"
        ),
        "met": _words(
            "on s'est croises|on s est vus|on a parle|jt'ai parle|tu m'as donne ton num|on a danse|"
            "on s'est rencontres|tu mas filé ton 06|on a discute|j'etais le gars en chemise|"
            "tu etais assise|on a bu un verre"
        ),
        "place": _words(
            "au bar|dans le metro|au parc|a la gare|rue oberkampf|en boite|au marche|a la fac|ligne 13|"
            "sur le quai|a la salle|devant le cine|au concert|a bastille|dans le tram|a l'arret de bus|"
            "en terrasse|a chatelet|au supermarche|a la plage|place du capitole|a la biblio"
        ),
        "ask": _words(
            "tu fais quoi|ca va|t ou la|tu vas bien|ca te dit un verre|on se voit quand|tu dors ?|"
            "tu bosses demain|tu me reponds|t dispo|quoi de neuf|tu viens d'ou|t'habites ou|"
            "tu as quel age|tu as snap ?|comment tu vas"
        ),
        "sweet": _words(
            "beaute|la belle|princesse|miss|jolie brune|mademoiselle|toi|ma belle|charmante|la blonde|"
            "belle inconnue"
        ),
        "think": _words(
            "j'ai pense a toi|jai bien aime parler|ton sourire m'a plu|je voulais te revoir|"
            "tes trop belle|jarrete pas dy penser|tu m'as tape dans l'oeil|javais pas ose te dire|"
            "ca m'a fait plaisir|t'es charmante"
        ),
        "plan": _words(
            "on boit un cafe|un resto|un cine|une balade|on se capte|je passe te prendre|"
            "on va manger une glace|tu viens a la soiree|un petit verre|on se pose au parc|expo|"
            "on mange ensemble"
        ),
        "smile": _words(":)|;)|😊|😉|😘|mdr|lol|ptdr|<3|xd|😍|bisous|bizz|biz|🌹||"),
        "joke": _words(
            "je suis pas un tueur en serie|promis je mords pas|ici le gars timide|devine qui c est|"
            "surprise|ton futur mari"
        ),
        "insult": _words(
            "gourdasse|pimbeche|balourde|trufflonne|cruchasse|morue|dindasse|greluche|poufette|"
            "conillasse|bouffonne|mocheté|harpie|chouineuse|vipere|feministe|sorciere|grognasse|mégère|"
            "pintade|cagole|gogole|cassos|rageuse|frustree|hystero|teigne|bourrique|bécasse|abrutie"
        ),
        "rage": _words(
            "!!!|du vent|on t'a rien demande|honte a toi|tg|ferme la|degage|pauvre tache|ta gueule|"
            "t'as peur hein|va te cacher|ca te fait rire|personne veut de toi|allez pleure|"
            "tu fais pitié|il va sauter ton standard"
        ),
        "you": _words("t'es|tu es|vous etes|t es|espece de|tes"),
        "threat": _words(
            "on va te retrouver|tu vas voir|ca va te couter cher|on te lachera pas|"
            "ton forfait va morfler|on sait ou tu es|je porte plainte|on revient demain|attend un peu|"
            "tu vas le regretter|on est des centaines"
        ),
        "go": _words(
            "te faire voir|retourne en cuisine|au diable|dormir|brosser le parquet|laver le linge|"
            "te faire soigner|bouder|tricoter"
        ),
        "fate": _words(
            "finissent seules|avec des chats|meritent rien|servent a rien|nous fatiguent|"
            "detruisent tout|inventent tout|mentent"
        ),
        "thing": _words("robot|numero|association|morale|standard|ideologie|blague|arnaque|combine|machine"),
    },
)

SECOND = Vocabulary(
    ordinary=_words(
        "{open} {who} {where} {q}|{open} {q}|{who}. {q} {end}|{feel} {who}|"
        "{open} {feel}, {prop} {when} ?|{prop} {when} {end}|{where} {when} tu te rappelles ? {who}|"
        "{open} moi c'est {who} {end}|{q} {feel}|{small}|{small} {end}|{open} {small} {who}|"
        "{open} {nick} {prop}|{nick} {q} {end}|{who}, {where}. {feel}. {prop} {when}|"
        "dis {nick} {small}|{q} {when} {prop} {end}|{open} jsp si tu te rapelles {where} {small}|"
        "{feel} {end}|{where} c etait sympa {end}|{open} {who} {small} {prop} {when} {hour}"
    ),
    abusive=_words(
        "{hate} {noun} {spit}|{noun} {noun} {spit}|{hate} {noun}|quelle {noun} {spit}|"
        "{noun}, {warn}|{warn} {noun} {spit}|{spit} {hate} {noun}|vos {object} de {noun} {spit}|"
        "{hate} avec vos {object}|toutes des {noun} {judge}|{judge} {noun} {spit}|"
        "sacree {noun} {warn}|{noun} de service {judge}|rends {object} {noun}|"
        "{hate} {noun} et {noun}"
    ),
    slogans=_words(
        "salutations distinguees de la ligue des gros relous de province|"
        "ici la meute du salon dix huit vingt on lache rien les gars|"
        "chaque sms vous coute seize centimes continuez de repondre svp|"
        "les numeros bidon ca suffit signe le collectif des ramasses|"
        "copie colle ce message a tes potes et fais tourner le numero|"
        "vos lecons de morale au tarif d un sms quelle belle arnaque|"
        "soldat inconnu au rapport le standard tient toujours debout pour l instant|"
        "nous sommes des milliers et nous avons des forfaits illimites"
    ),
    slots={
        **_SHARED,
        "open": _words(
            "hello toi|wesh|bonsoir mademoiselle|allo|hé|hola|coucou toi|bien le bonsoir|salutt|heyy|"
            "excuse moi|dsl du derangement"
        ),
        "who": _words(
            "Paul|moi c Ismael|Vincent tu sais|Bruno|le grand brun|Walid|le mec du velo|Ludo|Fred|"
            "le serveur|Marc|Amine|Baptiste|Rayan|ton voisin de siege|Clement|l'ami de Lea|Tristan|"
            "Olivier|Moussa|Gael|le barbu|Cyril|Ousmane|Pierre Yves|Jordan"
        ),
        "where": _words(
            "rer b|tout a leur a la caisse|chez carrefour|apero de sarah|dans la file|cours de salsa|"
            "festival|aux buttes|au kebab|quai de la loire|a belleville|au mcdo|pendant le match|"
            "sortie du lycee|anniv de manon|au boulot|sur le pont|bibliotheque|parvis|dans l'ascenseur|"
            "laverie|piscine|devant ton immeuble"
        ),
        "q": _words(
            "comment ca se passe|tu reponds pas ?|bien rentrée ?|jtenvoie un msg comme promis|"
            "tas passé une bonne soiree|tu es la|libre ce we ?|cest bien ton numéro|tu m'as oublié ?|"
            "qu'est ce que tu racontes|des nouvelles ?|tu taffes|et toi"
        ),
        "nick": _words(
            "la miss|demoiselle|poulette|jolie fleur|madame|chérie|belle gosse|étoile|petit coeur|"
            "la rousse|toi la|bg"
        ),
        "feel": _words(
            "je t'ai trouvée super jolie|jai kiffé notre discussion|impossible de t'oublier|"
            "tu degages un truc|tes yeux wow|trop content de t avoir abordée|tu me plais grave|"
            "j espère pas t'avoir fait peur|c'etait un vrai plaisir|je craque"
        ),
        "prop": _words(
            "on s'appelle|je t'invite a diner|un mojito|aller voir la mer|promenade en scooter|"
            "boire un the|partager une pizza|faire un bowling|viens chez moi|petite rando|"
            "un film chez moi|te revoir"
        ),
        "when": _words(
            "vendredi soir|demain aprem|la semaine pro|dimanche midi|apres le taf|un de ces quatre|"
            "ce soir|samedi|quand tu veux|mardi"
        ),
        "small": _words(
            "il fait froid hein|jai plus de batterie|dsl cetait mon pote|tu as oublié ton echarpe|"
            "je suis bien arrivé|c'est pas grave si tu veux pas|ok pas de souci|rappelle moi|"
            "jespere que cest pas un faux|bonne nuit|je suis en bas|tu dois dormir|message bien recu ?|"
            "je taf jusqu a tard|donne moi ton insta"
        ),
        "end": _words("bisou|a plus|a tte|++|jtm deja lol|tchuss|😎|🙈|💋|^^|haha|hihi|kiss|…|!|"),
        "hate": _words(
            "bouffez|allez pourrir|va moisir|on crache sur|dehors les|marre des|assez de|j'emmerde|"
            "zut a|ras le bol des"
        ),
        "noun": _words(
            "radasses|pleureuses|feminazgul|cruches|greluchonnes|truiasse|mal lunées|cornichonnes|"
            "thonettes|michtos|dindes|poissonnieres|crevardes|castratrices|tordues|mythomanes|boudins|"
            "grognonnes|traineuses|vermine|bobos|cinglees|mégères|saligotes|laiderons|parasites|"
            "gamines|pissenlits|pestes"
        ),
        "spit": _words(
            "lol les nulles|vous etes finies|0 respect|c'est ca le progres|cassez vous|bouh|"
            "trop drole votre truc|ridicules|allez au bagne|bonne chance pour dormir|"
            "sans nous vous etes quoi|clap clap|grosse honte|votre chat|raus"
        ),
        "warn": _words(
            "jamais on arretera|les avocats arrivent|votre sim va fondre|on a vos adresses|"
            "rdv cette nuit|c'est que le debut|comptez vos sous|la cnil est au courant|prepare toi|"
            "jte souhaite le pire"
        ),
        "judge": _words(
            "aucune dignité|y'a pas pire|la lie de l'humanité|faut les enfermer|"
            "vous faites fuir les mecs bien|meme pas droles|merci la gauche|voila le resultat|"
            "a la poubelle"
        ),
        "object": _words(
            "tracts|hashtags|sms automatiques|cheveux bleus|lecons|subventions|pleurnicheries|manifs|"
            "jupes|quotas"
        ),
    },
)
